"""Components for going somewhere: tabs, navigation, the next page, theme and language."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from banyan.web.ui.addresses import find_url
from banyan.web.ui.drawing import PARTS, component, draw

_THEMES = ("light", "dark")


@component("tabs.html")
def tabs(items: Sequence[Any], label: str) -> dict[str, Any]:
    """Show Tabs as links; ``label`` names the row for readers."""
    return {"items": items, "label": label}


@component("more.html")
def more(url: str, text: str = "", *, auto: bool = False, ident: str = "more") -> dict[str, Any]:
    """Link to the next page; htmx replaces it with the fragment at ``url``.

    The fragment brings the next block and the next ``more``. ``auto`` loads on sight: use it for
    the first five pages, then let people ask, so that the footer stays reachable.
    """
    return {"url": url, "text": text, "auto": auto, "ident": ident}


def nav_item(
    url_name: str, text: str, icon: str, current: str = "", *, key: str = "", kind: str = ""
) -> Markup:
    """Show a place of the navigation; nothing if the URL name does not exist."""
    return _draw_place(find_url(url_name), text, icon, current == (key or url_name), kind)


@lru_cache(maxsize=200, typed=True)
def _draw_place(url: str, text: str, icon: str, current: bool, kind: str) -> Markup:
    """Draw a place; they are few, and on every page."""
    values = {"url": url, "text": text, "icon": icon, "current": current, "kind": kind}
    return draw(PARTS + "nav_item.html", values)


@pass_context
def theme(context: Context) -> str:
    """Return "light", "dark" or "" (follow the device) for this request."""
    chosen = context.get("ui_theme")
    if not chosen:
        request = context.get("request")
        chosen = request.COOKIES.get("banyan_theme", "") if request is not None else ""
    return chosen if chosen in _THEMES else ""


def _stood_on(request: HttpRequest) -> str:
    """Return the path of the page that a form came from, empty where it is none of ours."""
    url = request.headers.get("referer", "")
    try:
        ours = url_has_allowed_host_and_scheme(url, {request.get_host()})
    except DisallowedHost:  # the page that refuses a wrong host is drawn with this, too
        ours = False
    if not ours:
        return ""
    page = urlsplit(url)
    return urlunsplit(("", "", page.path, page.query, "")) if page.path != request.path else ""


@pass_context
def page_path(context: Context) -> str:
    """Return this page's address without ``lang``, for forms that come back to it.

    Of a form that was refused, the page it stood on: its own address may take nothing but forms.
    """
    request = context.get("request")
    if request is None:
        return "/"
    if request.method == "POST" and (before := _stood_on(request)):
        return before
    if "lang" not in request.GET:
        return str(request.get_full_path())
    query = request.GET.copy()
    query.pop("lang", None)
    return f"{request.path}?{query.urlencode()}" if query else request.path
