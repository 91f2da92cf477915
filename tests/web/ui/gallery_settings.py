"""Settings just large enough to render the gallery without a database."""

from __future__ import annotations

from csp.constants import NONCE

DEBUG = True
SECRET_KEY = "gallery-only"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "tests.web.ui.gallery_urls"
INSTALLED_APPS = ["django.contrib.staticfiles", "django_htmx", "banyan.web.ui"]
MIDDLEWARE = [
    "csp.middleware.CSPMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": [NONCE, "'self'"],
        "img-src": ["'self'", "data:"],
        "base-uri": ["'none'"],
    }
}
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文"), ("zh-hant", "繁體中文")]
USE_TZ = True
STATIC_URL = "/static/"
