"""Names of countries, in the reader's language."""

from __future__ import annotations

from functools import lru_cache

from babel import Locale
from django.utils.functional import lazy
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from .addresses import ADDRESS_FORMS

_LOCALES = {"zh-hans": "zh_Hans", "zh-hant": "zh_Hant"}


@lru_cache(maxsize=8)
def country_names(language: str) -> tuple[tuple[str, str], ...]:
    """Return (code, name) of every country with an address form, by name in ``language``."""
    names = Locale.parse(_LOCALES.get(language, "en")).territories
    return tuple(sorted(((code, names[code]) for code in ADDRESS_FORMS), key=lambda pair: pair[1]))


def region_name(region: str, language: str) -> str:
    """Return a region as people read it: a country's name for a code (CN, CN-ZJ), else as typed."""
    country = region.partition("-")[0]
    if len(country) != 2 or not country.isupper():
        return region
    name = country_name(country, language)
    return region if name == country else name


@lru_cache(maxsize=1000)
def country_name(code: str, language: str) -> str:
    """Return what a country is called in ``language``; a code that is none is returned."""
    return str(Locale.parse(_LOCALES.get(language, "en")).territories.get(code, code))


def country_told(code: str) -> str:
    """Return what a country is called in the language of this request."""
    return country_name(code, get_language() or "en")


country_later = lazy(country_told, str)
"""As :func:`country_told`, in the language of whoever reads it."""


def place_told(named: str) -> str:
    """Return the place that a zone names ("*", "DE", "US:CA"), in the language of this request."""
    if named == "*":
        return _("Everywhere")
    country, _colon, region = named.partition(":")
    name = country_told(country)
    return f"{name}: {region}" if region else name
