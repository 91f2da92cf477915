"""Django settings, all derived from ``config.env``."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from banyan.kernel.rings import DEVELOPMENT_SECRET

from .env import env
from .session import SESSION_NAME

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = env.var.resolve()
PRODUCTION = env.env == "production"
TESTING = env.env == "test"
DEBUG = env.debug

if PRODUCTION and not env.secret_key:
    raise ImproperlyConfigured("BANYAN_SECRET_KEY must be set in production")
SECRET_KEY = env.secret_key or DEVELOPMENT_SECRET
SECRET_KEY_FALLBACKS = [key for key in env.old_secret_keys.split(",") if key]
ALLOWED_HOSTS = [host for host in env.allowed_hosts.split(",") if host]
PUBLIC_URL = env.public_url.rstrip("/")
# Where links of letters lead without a public address: to where this one runs.
LETTERS_URL = env.letters_url.rstrip("/")
LIVE_URL = env.live_url.rstrip("/")
LIVE_PORT = env.live_port or env.port + 1
SANDBOX_URL = env.sandbox_url.rstrip("/")
SANDBOX_API_KEY = env.sandbox_api_key
SANDBOX_SECRET = env.sandbox_secret
PAYMENT_PROVIDERS = [name for name in env.payment_providers.split(",") if name]
STRIPE_SECRET_KEY = env.stripe_secret_key.strip()
STRIPE_WEBHOOK_SECRETS = [one.strip() for one in env.stripe_webhook_secrets.split(",") if one]
STRIPE_METHODS = [one.strip() for one in env.stripe_methods.split(",") if one]
STRIPE_CONNECT = env.stripe_connect
STRIPE_URL = env.stripe_url.rstrip("/")
WECHAT_APPID = env.wechat_appid
WECHAT_MCHID = env.wechat_mchid
WECHAT_PRIVATE_KEY = env.wechat_private_key
WECHAT_CERT_SERIAL = env.wechat_cert_serial
WECHAT_API_V3_KEY = env.wechat_api_v3_key
WECHAT_PLATFORM_KEYS = env.wechat_platform_keys
WECHAT_URL = env.wechat_url.rstrip("/")
WECHAT_PROFIT_SHARING = env.wechat_profit_sharing
WECHAT_APP_SECRET = env.wechat_app_secret.strip()
WECHAT_AUTHORIZE_URL = env.wechat_authorize_url
WECHAT_IDENTITY_URL = env.wechat_identity_url.rstrip("/")
ALIPAY_APP_ID = env.alipay_app_id
ALIPAY_SELLER_ID = env.alipay_seller_id
ALIPAY_PRIVATE_KEY = env.alipay_private_key
ALIPAY_PUBLIC_KEY = env.alipay_public_key
ALIPAY_GATEWAY = env.alipay_gateway
# Somebody has to look at a licence, so asking for one means looking at every shop.
SHOP_APPROVAL = env.shop_approval or env.shop_licence
SHOP_LICENCE = env.shop_licence
PAYOUTS_BY_TWO = env.payouts_by_two
POOL_FEE_BPS = env.pool_fee_bps
CONSENT_MODE = env.consent_mode
# Accounts younger than this say less in a day; tests make many young people who say a lot.
NEW_ACCOUNT_DAYS = 0 if TESTING else env.new_account_days
BLOCKED_IN = tuple(name.strip() for name in env.blocked_in.split(",") if name.strip())
CAMPAIGN_LIMITS = env.campaign_limits.model_dump()
# Who is held out hears nothing; tests say themselves who that is.
REMINDER_HOLDOUT_PERCENT = 0 if TESTING else env.reminder_holdout_percent
RETURN_DAYS_BY_LAW = env.return_days_by_law
COUNTER_NOTICE_DAYS = env.counter_notice_days
OPERATOR = {"name": env.operator_name, "address": env.operator_address, "email": env.operator_email}
CJK_FONT = env.cjk_font
FETCH_ALLOWED_HOSTS = [host for host in env.fetch_allowed_hosts.lower().split(",") if host]
BEACON = {
    "url": env.beacon_url.rstrip("/"),
    "chain": env.beacon_chain,
    "genesis": env.beacon_genesis,
    "period": env.beacon_period,
    "hours": env.beacon_hours,
}
DEMO = env.demo and not PRODUCTION

INSTALLED_APPS = [
    "banyan.config.apps.ConfigConfig",
    "unfold.apps.BasicAppConfig",  # the site is ours: config.apps
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "ninja",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "procrastinate.contrib.django",
    "banyan.kernel",
    "banyan.experiments",
    "banyan.ledger",
    "banyan.media",
    "banyan.people",
    "banyan.notify",
    "banyan.moderation",
    "banyan.legal",
    "banyan.trust",
    "banyan.catalog",
    "banyan.payments",
    "banyan.entitlements",
    "banyan.sales",
    "banyan.sharing",
    "banyan.delivery",
    "banyan.storefronts",
    "banyan.orders",
    "banyan.earnings",
    "banyan.market",
    "banyan.standing",
    "banyan.groups",
    "banyan.community",
    "banyan.chat",
    "banyan.campaigns",
    "banyan.insights",
    "banyan.api",
    "banyan.web.ui",
    "banyan.web.shop",
    "banyan.web.studio",
    "banyan.web.desk",
    "banyan.web",
    "banyan.ops",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Pads what it packs by a random length, so that secrets cannot be read off it (BREACH).
    "django.middleware.gzip.GZipMiddleware",
    "banyan.web.middleware.RequestContextMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "banyan.web.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "banyan.web.zones.ZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "banyan.web.middleware.ActorMiddleware",
    "banyan.web.middleware.ProblemMiddleware",
]

if DEMO:
    MIDDLEWARE.insert(2, "banyan.web.meter.MeterMiddleware")

ROOT_URLCONF = "banyan.config.urls"
AUTH_USER_MODEL = "people.Account"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False

# Our pages are Jinja2 (ADR 10); what extends the admin, and the texts of messages, are Django's.
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "APP_DIRS": True,
        "DIRS": [],
        "OPTIONS": {
            "environment": "banyan.web.ui.environment.Languages",
            "context_processors": [
                "django.contrib.messages.context_processors.messages",
                "banyan.web.context.chrome",
            ],
        },
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "DIRS": [],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "banyan.web.context.chrome",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static"],
        },
    },
]


def _database(url: str) -> dict[str, object]:
    parts = urlsplit(url or "postgresql:///banyan")
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL must begin with postgresql://")
    query = dict(parse_qsl(parts.query))
    # Whoever waits longer than the time-out is told that the database cannot be reached.
    size = {"min_size": 1, "max_size": env.pool_max or env.blocking_threads + 2, "timeout": 5}
    pool = False if TESTING else size
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "banyan",
        "USER": unquote(parts.username or query.pop("user", "")),
        "PASSWORD": unquote(parts.password or query.pop("password", "")),
        "HOST": query.pop("host", None) or unquote(parts.hostname or ""),
        "PORT": str(parts.port or query.pop("port", "")),
        "CONN_MAX_AGE": 0,
        # Statements are prepared once per connection: planning them is half of what the database
        # does for a page. PgBouncer in front needs max_prepared_statements (1.21 or later).
        "OPTIONS": {
            "pool": pool,
            "server_side_binding": True,
            "prepare_threshold": 3,
            "application_name": SESSION_NAME,
            **query,
        },
    }


DATABASES = {"default": _database(env.database_url)}

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "kernel_cache",
    }
}
if TESTING:
    CACHES["default"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": ""}

WHITENOISE_SKIP_COMPRESS_EXTENSIONS = [
    "jpg",
    "jpeg",
    "png",
    "gif",
    "webp",
    "avif",
    "zip",
    "gz",
    "br",
    "woff",
    "woff2",
    "map",
]
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {
        "BACKEND": "banyan.media.store.WholeFiles",
        "OPTIONS": {"location": str(VAR_DIR / "media"), "base_url": "/media/"},
    },
    "private": {
        "BACKEND": "banyan.media.store.WholeFiles",
        "OPTIONS": {"location": str(VAR_DIR / "originals")},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING
        else "banyan.config.storage.StaticStorage"
    },
}
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR_DIR / "media"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
# Visitors share one ranked feed: it is made anew for new posts, not more often than this.
FEED_SHARED_SECONDS = 0 if TESTING else 5
# Requests of one account, or of one address without a token: (how many, in how many seconds).
API_RATES: dict[str, tuple[int, int]] = {"read": (1200, 60), "write": (240, 60)}
MAX_UPLOAD_BYTES = 15 * 1024 * 1024
MAX_UPLOAD_PIXELS = 40_000_000
MAX_VIDEO_BYTES = 50 * 1024 * 1024
MAX_VIDEO_SECONDS = 180
# Paid and rewarded posts: at most so many among 20 cards of a feed, and of one author in a day.
FEED_PAID_CAP = 10
FEED_PAID_PER_AUTHOR_DAY = 5
# The largest file that a shop may sell.
DIGITAL_FILE_BYTES = env.digital_file_mb * 1024 * 1024

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文"), ("zh-hant", "繁體中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "banyan_language"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
# The zone of pages and letters for who has chosen none; jobs count in UTC.
SITE_TIME_ZONE = env.time_zone

SESSION_ENGINE = "banyan.web.sessions"
SESSION_COOKIE_NAME = "banyan_session"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 60
CSRF_COOKIE_NAME = "banyan_csrf"
CSRF_FAILURE_VIEW = "banyan.web.problems.csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
X_FRAME_OPTIONS = "DENY"  # browsers that know frame-ancestors go by the policy in csp.py
if env.trusted_proxy:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
AUTHENTICATION_BACKENDS = [
    "banyan.web.accounts.Accounts",
    # Who signed in before there was the one above has a session of this one, and stays signed in.
    "allauth.account.auth_backends.AuthenticationBackend",
]

DEFAULT_FROM_EMAIL = "Banyan <no-reply@localhost>"
EMAIL_BACKEND = (
    "django.core.mail.backends.locmem.EmailBackend"
    if TESTING
    else "django.core.mail.backends.console.EmailBackend"
)

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"django.request": {"handlers": ["console"], "level": "ERROR", "propagate": False}},
}

# Handles are unique without regard to case, by an expression constraint.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]

from .auth import *  # noqa: E402 - they extend what stands above
from .csp import *  # noqa: E402 - as above
from .desk import *  # noqa: E402 - as above

INSTALLED_APPS += SOCIAL_APPS
