"""Names of the countries we deliver to, in the reader's language."""

from __future__ import annotations

from functools import lru_cache

from babel import Locale

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
    names = Locale.parse(_LOCALES.get(language, "en")).territories
    return str(names.get(country, region))
