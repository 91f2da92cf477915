"""Sign-in settings of django-allauth: typed codes by e-mail or phone, never a link.

Codes come from ``people.actions``; allauth carries the session, the second factor, passkeys and
the accounts of other sites. Messages carry the codes, so their transports are set here, too.
"""

from __future__ import annotations

import os
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from pydantic_settings import BaseSettings, SettingsConfigDict

from .env import env


class AuthEnv(BaseSettings):
    """What an operator may say about signing in; names are prefixed BANYAN_."""

    model_config = SettingsConfigDict(env_prefix="BANYAN_", extra="ignore")

    sms_url: str = ""
    sms_token: str = ""
    wechat_notice_template: str = ""
    wechat_consent_url: str = "https://mp.weixin.qq.com/mp/subscribemsg"
    push_contact: str = ""
    daily_notices: int = 8
    service_worker: bool = True
    mail_from: str = ""
    staff_totp: bool | None = None
    social: str = ""


auth_env = AuthEnv()
_PRODUCTION = env.env == "production"
_TESTING = env.env == "test"
_DEMO = env.demo and not _PRODUCTION

# --- messages -----------------------------------------------------------------------------------


def _mail(url: str) -> dict[str, object]:
    """Read ``smtp://user:password@host:port/?starttls=1`` (or ``smtps://``)."""
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ImproperlyConfigured("BANYAN_EMAIL_URL looks like smtp://user:password@host:587")
    secure = parts.scheme == "smtps"
    return {
        "host": parts.hostname,
        "port": parts.port or (465 if secure else 587),
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "ssl": secure,
        "tls": not secure and dict(parse_qsl(parts.query)).get("starttls", "1") == "1",
    }


if env.email_url and not _TESTING:
    _smtp = _mail(env.email_url)
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = _smtp["host"], _smtp["port"]
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _smtp["user"], _smtp["password"]
    EMAIL_USE_SSL, EMAIL_USE_TLS = _smtp["ssl"], _smtp["tls"]
    EMAIL_TIMEOUT = 10
if auth_env.mail_from:
    DEFAULT_FROM_EMAIL = auth_env.mail_from

SMS_URL, SMS_TOKEN = auth_env.sms_url, auth_env.sms_token
_CONSOLE = "banyan.notify.senders.ConsoleSender"
_EMAIL = "banyan.notify.senders.EmailSender"
NOTIFY_SENDERS = {
    "email": _EMAIL if env.email_url or _PRODUCTION or _TESTING else _CONSOLE,
    "sms": "banyan.notify.senders.HttpSmsSender" if SMS_URL else _CONSOLE,
    "wechat": "banyan.notify.wechat.WechatSender",
}
WECHAT_NOTICE_TEMPLATE = auth_env.wechat_notice_template.strip()
WECHAT_CONSENT_URL = auth_env.wechat_consent_url
# The most that reaches one person a day outside the page, over all kinds (INV-14).
NOTIFY_DAILY_CAP = auth_env.daily_notices
# Whom a push service writes to when something is wrong with what we send.
PUSH_CONTACT = auth_env.push_contact or env.public_url or "mailto:operator@localhost"
SERVICE_WORKER = auth_env.service_worker
SITE_NAME = "Banyan"
# In production a channel is offered only where its messages really leave.
SIGN_IN_CHANNELS = ("email", "sms") if SMS_URL or not _PRODUCTION else ("email",)

# --- allauth ------------------------------------------------------------------------------------

ACCOUNT_ADAPTER = "banyan.web.shop.people.adapters.AccountAdapter"
# Our pages have names of their own, so that allauth's never come first: mfa/index.page.html.
ACCOUNT_TEMPLATE_EXTENSION = "page.html"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "handle"
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_LOGIN_METHODS = {"email", "phone"}
ACCOUNT_SIGNUP_FIELDS = ["email", "phone"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # contacts are proven before there is an account
ACCOUNT_LOGIN_BY_CODE_ENABLED = False  # ours; allauth's page does not survive another browser
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_PRESERVE_USERNAME_CASING = True
# Neither contact alone is required: either will do.
SILENCED_SYSTEM_CHECKS = ["auth.W004", "account.W001"]

MFA_ADAPTER = "banyan.web.shop.people.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Banyan"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
# Staff need a second factor before the desk; in a demo everybody may look in.
STAFF_TOTP_REQUIRED = (
    auth_env.staff_totp if auth_env.staff_totp is not None else not (_DEMO or _TESTING)
)

# --- other sites --------------------------------------------------------------------------------

SOCIALACCOUNT_ADAPTER = "banyan.web.shop.people.adapters.SocialAdapter"
SOCIALACCOUNT_AUTO_SIGNUP = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True  # only with addresses that the provider has verified
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_LOGIN_ON_GET = False
# BANYAN_SOCIAL=google,weixin with BANYAN_SOCIAL_GOOGLE_ID and _SECRET: only what is configured
# is installed, and only what is installed has a button.
SOCIAL_PROVIDERS = [name for name in auth_env.social.split(",") if name]


def _client(name: str) -> dict[str, str]:
    prefix = f"BANYAN_SOCIAL_{name.upper()}"
    found = {"client_id": os.environ.get(f"{prefix}_ID", ""),
             "secret": os.environ.get(f"{prefix}_SECRET", "")}  # fmt: skip
    if not all(found.values()):
        raise ImproperlyConfigured(f"BANYAN_SOCIAL names {name}: {prefix}_ID and _SECRET missing")
    return found


SOCIALACCOUNT_PROVIDERS = {name: {"APPS": [_client(name)]} for name in SOCIAL_PROVIDERS}
SOCIAL_APPS = [f"allauth.socialaccount.providers.{name}" for name in SOCIAL_PROVIDERS]
