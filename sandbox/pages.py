"""The hosted pay page: server-rendered, no script, no cookie. The id in the address is the key."""

from __future__ import annotations

import re
import sqlite3
import threading
from html import escape
from urllib.parse import urlencode, urlsplit, urlunsplit

from sandbox.amounts import display
from sandbox.delivery import TIMEOUT_S
from sandbox.exchange import Request, Response
from sandbox.gateway import Gateway
from sandbox.look import MARK, STYLE, STYLE_HASH
from sandbox.moments import now_ms
from sandbox.payments import DECLINE
from sandbox.refusals import Refusal
from sandbox.texts import TEXTS, language

_PAGE = re.compile(r"/pay/([A-Za-z0-9_]{1,64})(/confirm|/cancel)?")
_LISTED = (DECLINE, "late", "never", "twice", "before_redirect")


class Pages:
    """Serves ``/pay/{id}`` and takes what the buyer decides there."""

    def __init__(self, *, gateway: Gateway) -> None:
        """Serve the payments of one gateway."""
        self._gateway = gateway

    def answer(self, request: Request) -> Response:
        """Return a page or a redirect; refusals are pages too."""
        try:
            return self._run(request)
        except Refusal as refusal:
            return _refusal_page(refusal)

    def _run(self, request: Request) -> Response:
        if request.path == "/favicon.ico":
            return Response(status=204, content_type="image/x-icon")
        found = _PAGE.fullmatch(request.path)
        if found is None:
            raise Refusal(404, "not_found", "There is no such page.")
        payment_id, step = found.group(1), found.group(2)
        if (request.method == "POST") != (step is not None):
            raise Refusal(405, "method_not_allowed", "Open the pay page and use its buttons.")
        if step == "/confirm":
            return self._confirm(payment_id, request.form.get("outcome", "success"))
        if step == "/cancel":
            return self._cancel(payment_id)
        at = now_ms()
        with self._gateway.store.transaction() as work:
            row = self._gateway.payments.get(work, payment_id, at=at)
        return _open_page(row, at=at) if row["status"] == "open" else _closed_page(row)

    def _confirm(self, payment_id: str, outcome: str) -> Response:
        sent = threading.Event()
        with self._gateway.store.transaction() as work:
            row, wait = self._gateway.payments.confirm(
                work, payment_id, outcome=outcome, at=now_ms(), sent=sent
            )
        if wait:
            sent.wait(TIMEOUT_S + 1)
        if row["status"] == "open":
            return _see_other(f"/pay/{payment_id}")
        return _see_other(return_address(row))

    def _cancel(self, payment_id: str) -> Response:
        at = now_ms()
        with self._gateway.store.transaction() as work:
            row = self._gateway.payments.get(work, payment_id, at=at)
            if row["status"] == "open":
                row = self._gateway.payments.cancel(work, payment_id, reason="buyer", at=at)
        return _see_other(return_address(row))


def return_address(row: sqlite3.Row) -> str:
    """Return the merchant's address with ``payment`` and ``status`` added to its query."""
    parts = urlsplit(str(row["return_url"]))
    added = urlencode({"payment": row["id"], "status": row["status"]})
    query = f"{parts.query}&{added}" if parts.query else added
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", query, parts.fragment))


def _see_other(address: str) -> Response:
    return Response(
        status=303,
        content_type="text/plain; charset=utf-8",
        headers={"location": address, "referrer-policy": "no-referrer"},
    )


def _page(*, lang: str, title: str, main: str, status: int = 200, back: str = "") -> Response:
    """Return a whole page; ``back`` is the origin that its forms may lead to."""
    texts = TEXTS[lang]
    html = (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="robots" content="noindex">'
        f"<title>{escape(title)} · {texts['brand']}</title><style>{STYLE}</style></head><body>"
        f'<header><div class="brand"><p>{MARK}{texts["brand"]}</p></div>'
        f'<p class="test">{texts["test_line"]}</p></header><main>{main}</main></body></html>'
    )
    # Browsers check form-action against the redirect too, so the shop's origin must be in it.
    policy = (
        f"default-src 'none'; style-src '{STYLE_HASH}'; base-uri 'none';"
        f" frame-ancestors 'none'; form-action 'self' {back}".rstrip()
    )
    return Response(
        status=status,
        body=html.encode(),
        content_type="text/html; charset=utf-8",
        headers={
            "content-security-policy": policy,
            "referrer-policy": "no-referrer",
            "x-frame-options": "DENY",
            "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
            "cross-origin-opener-policy": "same-origin",
            "content-language": lang,
        },
    )


def _slip(row: sqlite3.Row, lang: str) -> str:
    """Return amount, purpose, reference and the shop's host."""
    texts = TEXTS[lang]
    lines = [
        (texts["for_label"], row["description"]),
        (texts["reference_label"], row["reference"]),
        (texts["back_label"], urlsplit(row["return_url"]).netloc),
    ]
    listed = "".join(f"<dt>{label}</dt><dd>{escape(value)}</dd>" for label, value in lines if value)
    return (
        f'<h1>{texts["amount_label"]}</h1><p class="amount">'
        f"{escape(display(row['amount'], row['currency']))}"
        f'<span class="code">{row["currency"]}</span></p><dl>{listed}</dl>'
    )


def _open_page(row: sqlite3.Row, *, at: int) -> Response:
    lang = language(row["locale"])
    texts = TEXTS[lang]
    amount = escape(display(row["amount"], row["currency"]))
    minutes = -(-(row["expires_ms"] - at) // 60_000)
    declined = f'<p class="note" role="alert">{texts["declined"]}</p>' if row["last_error"] else ""
    choices = "".join(
        f'<li><button name="outcome" value="{name}">{texts[name]}'
        f"<span>{texts[f'{name}_hint']}</span></button></li>"
        for name in _LISTED
    )
    main = (
        f'{declined}<section class="slip">{_slip(row, lang)}'
        f'<form method="post" action="/pay/{row["id"]}/confirm"><button class="pay"'
        f' name="outcome" value="success">{texts["pay"].format(amount=amount)}</button></form>'
        f'<form method="post" action="/pay/{row["id"]}/cancel">'
        f'<button class="quiet">{texts["cancel"]}</button></form></section>'
        f'<p class="small">{texts["minutes_left"].format(minutes=minutes)}</p>'
        f"<details><summary>{texts['outcomes']}</summary><p>{texts['outcomes_hint']}</p>"
        f'<form method="post" action="/pay/{row["id"]}/confirm"><ul>{choices}'
        f'<li><a class="button" href="{escape(return_address(row))}">{texts["leave"]}'
        f"<span>{texts['leave_hint']}</span></a></li></ul></form></details>"
    )
    title = texts["title_open"].format(amount=display(row["amount"], row["currency"]))
    return _page(lang=lang, title=title, main=main, back=_origin(row))


def _closed_page(row: sqlite3.Row) -> Response:
    lang = language(row["locale"])
    texts = TEXTS[lang]
    name = "paid" if row["status"] == "succeeded" else "cancelled"
    amount = escape(display(row["amount"], row["currency"]))
    main = (
        f'<p class="note done" role="status">{texts[f"{name}_text"].format(amount=amount)}</p>'
        f'<section class="slip">{_slip(row, lang)}<a class="button pay"'
        f' href="{escape(return_address(row))}">{texts["return"]}</a></section>'
    )
    return _page(lang=lang, title=texts[f"title_{name}"], main=main)


def _refusal_page(refusal: Refusal) -> Response:
    texts = TEXTS["en"]
    missing = refusal.status == 404
    title = texts["title_missing" if missing else "title_refused"]
    text = texts["missing_text"] if missing else refusal.detail
    main = f'<section class="slip"><h1>{escape(title)}</h1><p>{escape(text)}</p></section>'
    return _page(lang="en", title=title, main=main, status=refusal.status)


def _origin(row: sqlite3.Row) -> str:
    """Return the origin of the return address; its characters were checked on entry."""
    parts = urlsplit(row["return_url"])
    return f"{parts.scheme}://{parts.netloc}"
