"""Components that tell: notices, empty states, timelines, steps, facts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from banyan.kernel.money import Money, format_money
from banyan.web.ui.drawing import component


@component("notice.html")
def notice(
    text: Any, tone: str = "", *, title: str = "", icon: str = "", href: str = "", link: str = ""
) -> dict[str, Any]:
    """Show a message; ``tone``: "" (plain), good, gold, bad. ``link`` names ``href``."""
    return {
        "text": text,
        "tone": tone,
        "title": title,
        "icon": icon or {"good": "check", "bad": "warn", "gold": "info"}.get(tone, "info"),
        "href": href,
        "link": link,
    }


@component("disclosure.html")
def disclosure(sharer: str, href: str = "") -> dict[str, Any]:
    """Say in one line that the sharer may earn."""
    return {"sharer": sharer, "href": href}


@component("empty.html")
def empty(
    text: str,
    drawing: str = "sprout",
    action: str = "",
    href: str = "",
    title: str = "",
) -> dict[str, Any]:
    """Invite where nothing is yet. ``drawing``: sprout, parcel, basket, letters, stall, people."""
    return {
        "text": text,
        "drawing": f"ui/drawings/{drawing}.svg",
        "action": action,
        "href": href,
        "title": title,
    }


@component("timeline.html")
def timeline(entries: Sequence[Any]) -> dict[str, Any]:
    """Tell Entries in the order given: text, time, actor, detail, link, state."""
    return {"entries": entries}


@component("countdown.html")
def countdown(deadline: datetime, done: str = "") -> dict[str, Any]:
    """Count down to an aware ``deadline``; the server writes the first figure."""
    left = max(0, int((deadline - timezone.now()).total_seconds()))
    days, rest = divmod(left, 86400)
    clock = f"{rest // 3600:02d}:{rest % 3600 // 60:02d}:{rest % 60:02d}"
    return {"deadline": deadline, "days": days, "clock": clock, "left": left, "done": done}


@component("qr.html")
def qr(src: str, alt: str, caption: str = "") -> dict[str, Any]:
    """Show a QR code as a real image of 240 px, so that a long press can read it."""
    return {"src": src, "alt": alt, "caption": caption}


@component("facts.html")
def facts(rows: Sequence[Any]) -> dict[str, Any]:
    """Show (label, value) or (label, value, kind) rows; kind "total" or "earned"; Money is fine."""
    shown = []
    for row in rows:
        label, value, *kind = row
        text = format_money(value) if isinstance(value, Money) else value
        shown.append((label, text, kind[0] if kind else ""))
    return {"rows": shown}
