"""Tags for going somewhere: tabs, navigation, the next page, theme and language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template
from django.template.context import Context
from django.urls import NoReverseMatch, reverse

from banyan.web.ui.tags.basics import PARTS

register = template.Library()
_THEMES = ("light", "dark")


@register.inclusion_tag(f"{PARTS}tabs.html")
def tabs(items: Sequence[Any], label: str) -> dict[str, Any]:
    """Show Tabs as links; ``label`` names the row for readers."""
    return {"items": items, "label": label}


@register.inclusion_tag(f"{PARTS}more.html")
def more(url: str, text: str = "", *, auto: bool = False, ident: str = "more") -> dict[str, Any]:
    """Link to the next page; htmx replaces it with the fragment at ``url``.

    The fragment brings the next block and the next ``more``. ``auto`` loads on sight: use it for
    the first five pages, then let people ask, so that the footer stays reachable.
    """
    return {"url": url, "text": text, "auto": auto, "ident": ident}


@register.inclusion_tag(f"{PARTS}nav_item.html")
def nav_item(
    url_name: str, text: str, icon: str, current: str = "", *, key: str = "", kind: str = ""
) -> dict[str, Any]:
    """Show a place of the navigation; nothing if the URL name does not exist."""
    try:
        url = reverse(url_name)
    except NoReverseMatch:
        url = ""
    return {
        "url": url,
        "text": text,
        "icon": icon,
        "current": current == (key or url_name),
        "kind": kind,
    }


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """Return "light", "dark" or "" (follow the device) for this request."""
    chosen = context.get("ui_theme")
    if not chosen:
        request = context.get("request")
        chosen = request.COOKIES.get("banyan_theme", "") if request is not None else ""
    return chosen if chosen in _THEMES else ""


@register.simple_tag(takes_context=True)
def page_path(context: Context) -> str:
    """Return this page's address without ``lang``, for forms that come back to it."""
    request = context.get("request")
    if request is None:
        return "/"
    if "lang" not in request.GET:
        return str(request.get_full_path())
    query = request.GET.copy()
    query.pop("lang", None)
    return f"{request.path}?{query.urlencode()}" if query else request.path
