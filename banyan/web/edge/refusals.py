"""The few answers of the edge that are not a redirect: short pages that need no database."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.utils import translation
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation.trans_real import (
    get_supported_language_variant,
    parse_accept_lang_header,
)

from .clients import Environ

StartResponse = Callable[..., Any]
_PAGE = (
    '<!doctype html><html lang="{language}"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    "<title>{title}</title><h1>{title}</h1><p>{text}</p></html>"
)


def wrong_host(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """400: this site does not answer to that name."""
    return _refuse(environ, start_response, "400 Bad Request")


def too_often(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """429: one address opened more links than the cap allows."""
    return _refuse(environ, start_response, "429 Too Many Requests", retry_after=10)


def unavailable(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """503: the touch could not be stored, so nothing may be answered that counts as one."""
    return _refuse(environ, start_response, "503 Service Unavailable", retry_after=5)


def _refuse(
    environ: Environ, start_response: StartResponse, status: str, *, retry_after: int = 0
) -> Iterable[bytes]:
    with translation.override(_language(environ)):
        title, text = _words(status[:3])
        page = _PAGE.format(
            language=translation.get_language(), title=escape(title), text=escape(text)
        )
    body = page.encode()
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", "default-src 'none'"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    if retry_after:
        headers.append(("Retry-After", str(retry_after)))
    start_response(status, headers)
    return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]


def _words(status: str) -> tuple[str, str]:
    if status == "429":
        return _("That was a little too often."), _("Please wait a moment and open the link again.")
    if status == "503":
        return (
            _("This link cannot be opened right now."),
            _("Please open it again in a moment. Nothing was lost."),
        )
    return _("This address is not served here."), _("Please check the link.")


def _language(environ: Environ) -> str:
    for code, _weight in parse_accept_lang_header(environ.get("HTTP_ACCEPT_LANGUAGE", "")):
        try:
            return get_supported_language_variant(code)
        except LookupError:
            continue
    return "en"
