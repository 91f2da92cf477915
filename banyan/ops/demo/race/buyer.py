"""One guest who opens a shared link and buys, as a browser would: every page, nothing skipped."""

from __future__ import annotations

import html
import re
import time
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from .wire import Answer, Wire, WireError

PATIENCE = 5  # times a buyer tries again when told that the shop is busy
ADDRESS = {
    "country": "CN",
    "recipient": "Race Buyer",
    "phone": "+8613800000000",
    "level1": "浙江省",
    "level2": "杭州市",
    "level3": "西湖区",
    "street": "Race Road 1",
}
_BUY = re.compile(r'href="(/checkout\?[^"]+)"')
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_NOTICE = re.compile(r'class="notice notice-bad"[^>]*>(.*?)</(?:p|div)>', re.DOTALL)
_FORM = re.compile(r'action="(/pay/[^"]+/confirm)"')
_TAG = re.compile(r"<[^>]+>")


class Outcome(NamedTuple):
    """How a visit ended: ``paid``, ``refused`` (with the shop's words) or ``failed``, in ms."""

    state: str
    reason: str
    ms: float


class Refused(Exception):  # noqa: N818 - the shop's answer, not a fault
    """The shop said no, in these words."""


class Broken(Exception):  # noqa: N818 - told as an outcome
    """Something else than a page or a refusal came back."""


class Lines:
    """Kept-alive connections by origin."""

    def __init__(self) -> None:
        """Start with none."""
        self._wires: dict[str, Wire] = {}

    def to(self, origin: str) -> Wire:
        """Return the connection to an origin."""
        return self._wires.setdefault(origin, Wire(origin))

    def close(self) -> None:
        """Hang up everywhere."""
        for wire in self._wires.values():
            wire.close()


class Buyer:
    """A visitor with an empty cookie jar."""

    def __init__(self, number: int, *, origin: str, lines: Lines) -> None:
        """Name the visitor; ``origin`` is the shop's ``http://host:port``."""
        self.number = number
        self._origin = origin
        self._lines = lines
        self._cookies: dict[tuple[str, str], str] = {}

    def buy(self, link: str) -> Outcome:
        """Open ``/s/CODE``, look at the product, check out, pay, and come back."""
        began = time.perf_counter()
        try:
            self._buy(link)
            state, reason = "paid", ""
        except Refused as refusal:
            state, reason = "refused", str(refusal)
        except (Broken, WireError, OSError, ValueError) as error:
            state, reason = "failed", f"{type(error).__name__}: {error}"[:200]
        return Outcome(state, reason, (time.perf_counter() - began) * 1000)

    def _buy(self, link: str) -> None:
        page = self._get(self._onward(self._get(link)))
        found = _BUY.search(page.text)
        if found is None:
            raise Refused("Sold out")
        form = self._get(html.unescape(found[1]))
        if form.status == 409:
            raise Refused(_words(form.text))
        placed = self._send(f"{self._origin}/checkout", self._filled(form.text))
        if placed.status in {409, 422}:
            raise Refused(_words(placed.text))
        pay_url = self._onward(placed)
        self._onward(self._pay(pay_url))

    def _pay(self, pay_url: str) -> Answer:
        """Press "pay" on the gateway's page and follow it back to the shop."""
        page = self._get(pay_url)
        found = _FORM.search(page.text)
        if found is None:
            raise Broken(f"no pay page: {page.status}")
        parts = urlsplit(pay_url)
        sent = self._send(f"{parts.scheme}://{parts.netloc}{found[1]}", {"outcome": "success"})
        back = self._get(self._onward(sent))
        if "/pay/" in self._onward(back):
            raise Broken("the payment was not known at the return")
        return back

    def _filled(self, text: str) -> dict[str, str]:
        hidden = {name: html.unescape(value) for name, value in _HIDDEN.findall(text)}
        if "token" not in hidden:
            raise Broken("no checkout form")
        return {**hidden, **ADDRESS, "email": f"race-{self.number}@example.com"}

    def _onward(self, answer: Answer) -> str:
        if answer.status not in {302, 303}:
            raise Broken(f"no redirect but {answer.status}: {_words(answer.text)[:80]}")
        return answer.header("location")

    def _get(self, url: str) -> Answer:
        return self._ask("GET", url, b"")

    def _send(self, url: str, form: dict[str, str]) -> Answer:
        return self._ask("POST", url, urlencode(form).encode())

    def _ask(self, method: str, url: str, body: bytes) -> Answer:
        """Ask, with this visitor's cookies; a busy shop is asked again after the pause it names."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}" if parts.netloc else self._origin
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        for _ in range(PATIENCE):
            answer = self._lines.to(origin).ask(
                method, target, headers=self._headers(origin, method), body=body
            )
            self._keep_cookies(origin, answer)
            if answer.status != 503:
                break
            time.sleep(min(int(answer.header("retry-after") or 1), 2))
        if answer.status >= 500 or answer.status == 429:
            raise Broken(f"{method} {parts.path}: {answer.status}")
        return answer

    def _headers(self, origin: str, method: str) -> dict[str, str]:
        headers = {"Accept-Language": "en"}
        jar = [f"{name}={value}" for (of, name), value in self._cookies.items() if of == origin]
        if jar:
            headers["Cookie"] = "; ".join(jar)
        if method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        return headers

    def _keep_cookies(self, origin: str, answer: Answer) -> None:
        for name, value in answer.headers:
            if name == "set-cookie":
                key, _, kept = value.partition(";")[0].partition("=")
                self._cookies[origin, key] = kept


def _words(text: str) -> str:
    """Return what a page says about a refusal, as plain words."""
    found = _NOTICE.search(text)
    words = _TAG.sub(" ", found[1]) if found else ""
    return " ".join(html.unescape(words).split()) or "no reason given"
