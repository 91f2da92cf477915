"""Every setting that an operator may give, read once from the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class CampaignLimits(BaseModel):
    """Limits of the rules for campaigns, by market: docs/reference/campaign-policy.md."""

    model_config = ConfigDict(extra="forbid")

    cn_prize_fen: int = Field(default=5_000_000, ge=0)
    cn_baseline_days: int = Field(default=7, ge=1)
    cn_child_age: int = Field(default=14, ge=0)
    cn_record_days: int = Field(default=730, ge=1)
    eu_baseline_days: int = Field(default=30, ge=1)
    eu_child_age: int = Field(default=16, ge=0)
    us_child_age: int = Field(default=13, ge=0)
    us_registration_cents: int = Field(default=500_000, ge=0)
    packet_sent_day: int = Field(default=100_000, ge=0, le=2 * 10**9)
    packet_received_day: int = Field(default=100_000, ge=0, le=2 * 10**9)


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"BANYAN_TIME_ZONE: no time zone is called {name}")
    return name


class Env(BaseSettings):
    """Environment of a Banyan process; names begin with BANYAN_ unless an alias says otherwise."""

    model_config = SettingsConfigDict(env_prefix="BANYAN_", extra="ignore")

    env: Literal["development", "production", "test"] = "development"
    time_zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    secret_key: str = ""
    old_secret_keys: str = ""
    var: Path = Path("var")
    port: int = 8000
    live_url: str = ""
    public_url: str = ""
    letters_url: str = ""
    database_url: str = Field(default="", alias="DATABASE_URL")
    allowed_hosts: str = "*"
    trusted_proxy: bool = False
    sandbox_public_url: str = Field(default="", alias="SANDBOX_PUBLIC_URL")
    live_port: int = 0
    sandbox_url: str = Field(default="http://127.0.0.1:8002", alias="SANDBOX_URL")
    sandbox_api_key: str = Field(default="sk_sandbox_local", alias="SANDBOX_API_KEY")
    sandbox_secret: str = Field(
        default="whsec_c2FuZGJveC1sb2NhbC1zZWNyZXQ=", alias="SANDBOX_SECRET"
    )
    payment_providers: str = "sandbox,wallet"
    stripe_secret_key: str = ""
    stripe_webhook_secrets: str = ""
    stripe_methods: str = "card"
    stripe_connect: bool = False
    stripe_url: str = "https://api.stripe.com"
    stripe_checkout_url: str = "https://checkout.stripe.com"
    wechat_appid: str = ""
    wechat_mchid: str = ""
    wechat_private_key: str = ""
    wechat_cert_serial: str = ""
    wechat_api_v3_key: str = ""
    wechat_platform_keys: str = ""
    wechat_url: str = "https://api.mch.weixin.qq.com"
    wechat_app_secret: str = ""
    wechat_profit_sharing: bool = False
    wechat_authorize_url: str = "https://open.weixin.qq.com/connect/oauth2/authorize"
    wechat_identity_url: str = "https://api.weixin.qq.com"
    alipay_app_id: str = ""
    alipay_seller_id: str = ""
    alipay_private_key: str = ""
    alipay_public_key: str = ""
    alipay_gateway: str = "https://openapi.alipay.com/gateway.do"
    shop_approval: bool = False
    payouts_by_two: bool = False
    shop_licence: bool = False
    pool_fee_bps: int = Field(default=0, ge=0, le=5000)
    consent_mode: Literal["none", "notice", "opt_in"] = "notice"
    blocking_threads: int = 6
    pool_max: int = 0
    debug: bool = False
    cjk_font: str = ""
    beacon_url: str = ""
    beacon_chain: str = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
    beacon_genesis: int = Field(default=1_692_803_367, ge=0)
    beacon_period: int = Field(default=3, ge=1)
    beacon_hours: int = Field(default=24, ge=1, le=120)
    fetch_allowed_hosts: str = ""
    digital_file_mb: int = 200
    new_account_days: int = Field(default=7, ge=0, le=365)
    reminder_holdout_percent: int = Field(default=10, ge=0, le=50)
    return_days_by_law: int = Field(default=7, ge=0, le=60)
    counter_notice_days: int = Field(default=14, ge=1, le=90)
    campaign_limits: CampaignLimits = CampaignLimits()
    blocked_in: str = ""
    operator_name: str = ""
    operator_address: str = ""
    operator_email: str = ""
    email_url: str = ""
    demo: bool = True


env = Env()
