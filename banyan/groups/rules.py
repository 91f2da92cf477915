"""What a group may be called, and which domains tell an organisation."""

from __future__ import annotations

import re
from collections.abc import Iterable

MOST_TOPICS = 12
MOST_PINNED = 3
MOST_OFFER_CAP = 20
TAKEN = frozenset({"new", "join", "offers", "mine"})
_SLUG = re.compile(r"^[a-z0-9](?:[a-z0-9-]{1,58})[a-z0-9]$")
_DOMAIN = re.compile(r"^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$")

# Anybody gets an address at these, so one there says nothing about where somebody belongs.
OPEN_TO_ALL = frozenset({
    "126.com", "139.com", "163.com", "aliyun.com", "aol.com", "foxmail.com", "gmail.com", "gmx.com",
    "gmx.de", "googlemail.com", "hotmail.com", "icloud.com", "live.com", "mail.com", "mail.ru",
    "me.com", "msn.com", "outlook.com", "proton.me", "protonmail.com", "qq.com", "sina.com",
    "sina.cn", "sohu.com", "vip.qq.com", "yahoo.com", "yahoo.com.tw", "yahoo.com.hk", "yandex.ru",
    "yeah.net",
})  # fmt: skip


def clean_slug(text: str) -> str | None:
    """Return an address of 3 to 60 letters, digits and hyphens, or None."""
    slug = text.strip().lower()
    if slug in TAKEN or slug.isdigit() or not _SLUG.match(slug):
        return None
    return slug


def clean_domain(text: str) -> str | None:
    """Return a domain that can tell an organisation, empty for none; None when it cannot."""
    domain = text.strip().lower().removeprefix("@")
    if not domain:
        return ""
    if len(domain) > 100 or domain in OPEN_TO_ALL or not _DOMAIN.match(domain):
        return None
    return domain


def at_domain(email: str | None, domain: str) -> bool:
    """Tell whether an address is at ``domain`` itself, not below it."""
    return bool(domain and email) and (email or "").lower().rpartition("@")[2] == domain


def clean_topics(texts: Iterable[str]) -> list[str]:
    """Return topics once each, without "#", in the given order; too many are cut off."""
    found = (" ".join(text.strip().lstrip("#").split())[:40] for text in texts)
    return list(dict.fromkeys(topic for topic in found if topic))[:MOST_TOPICS]


def waits_for_a_moderator(*, holds: int, role: str, has_posted: bool) -> bool:
    """Tell whether a member's new post waits: all do, or a member's first, as the group says."""
    if role != "member":
        return False
    return holds == 2 or (holds == 1 and not has_posted)
