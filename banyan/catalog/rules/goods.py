"""Slugs, option values, texts per language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from banyan.kernel.search import romanised

_SLUG = re.compile(r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$")
KINDS = ("goods", "voucher", "digital", "listing")
"""How a product is delivered: in a parcel, redeemed on site, as file or key, or by a member."""

RESERVED_SLUGS = {"new", "admin", "api", "studio", "static", "media", "banyan", "support", "help"}


def is_slug(text: str) -> bool:
    """Tell whether ``text`` can be a shop's address: 1-40 of a-z, 0-9, inner hyphens."""
    return bool(_SLUG.match(text)) and text not in RESERVED_SLUGS


def slugify(text: str, *, fallback: str) -> str:
    """Return an address made of ``text``, Chinese by its sound; of nothing it is ``fallback``."""
    plain = unicodedata.normalize("NFKD", romanised(text)).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].strip("-")
    return slug or fallback


def text_in(texts: Mapping[str, Mapping[str, str]], language: str, field: str, default: str) -> str:
    """Return ``field`` in ``language``; Chinese readers get the other script before ``default``."""
    order = [language]
    if language.startswith("zh"):
        order += [code for code in ("zh-hans", "zh-hant") if code != language]
    for code in order:
        found = texts.get(code, {}).get(field)
        if found:
            return found
    return default


def named_in(names: Mapping[str, Any], language: str, default: str = "") -> str:
    """Return a name in ``language``; Chinese falls back to the other script, all to English."""
    wanted = [language]
    if language.startswith("zh"):
        wanted += ["zh-hans", "zh-hant"]
    found = (names.get(code) for code in [*wanted, "en"])
    return next((str(name) for name in found if name), default)


def check_values(options: Sequence[str], variants: Sequence[Sequence[str]]) -> str | None:
    """Return why the variants do not fit the options (a reason code), or None.

    At most three options with distinct names; each variant has one non-empty value for each
    option; no two variants are the same.
    """
    if len(options) > 3 or len(set(options)) != len(options) or not all(options):
        return "options"
    if not variants:
        return "no_variants"
    for values in variants:
        if len(values) != len(options) or not all(values):
            return "variant_values"
    if len({tuple(values) for values in variants}) != len(variants):
        return "variant_twice"
    return None


def price_range(prices: Sequence[int]) -> tuple[int, int] | None:
    """Return (lowest, highest) of the active prices."""
    return (min(prices), max(prices)) if prices else None


def clean_tags(tags: Sequence[Any]) -> list[str]:
    """Return up to 20 distinct, trimmed tags, in order."""
    seen: dict[str, None] = {}
    for tag in tags:
        text = str(tag).strip()[:40]
        if text:
            seen.setdefault(text)
    return list(seen)[:20]
