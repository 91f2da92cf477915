"""Guests who open a share link, buy and pay over HTTP, and try again whatever breaks meanwhile."""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urlencode, urlsplit

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1"
PATIENCE = 120.0
PAUSE = 0.2

# How a buyer pays: what the gateway does with its message, and whether the browser comes back.
HABITS = (
    ("success", True),
    ("twice", True),
    ("before_redirect", True),
    ("never", True),
    ("success", False),
)
# Nobody tells us: the regular check has to ask the gateway, after half a minute.
WALKED_AWAY = ("never", False)

ADDRESS = {
    "country": "CN",
    "recipient": "Guest Person",
    "phone": "+8613800000000",
    "level1": "Zhejiang",
    "level2": "Hangzhou",
    "level3": "Xihu",
    "street": "Lakeside Road 1",
}


@dataclass(slots=True)
class Page:
    """A whole answer."""

    status: int
    location: str
    text: str


@dataclass(slots=True)
class Diary:
    """What all buyers saw, shared between their threads."""

    touches: list[int] = field(default_factory=list)
    asked_for_touches: int = 0
    paid: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    unreached: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class NotServedError(AssertionError):
    """A buyer was not served within the time that a restart may take."""


class Shopper:
    """One guest with a cookie jar of their own."""

    def __init__(self, port: int, diary: Diary) -> None:
        self._port = port
        self._diary = diary
        self._cookies: dict[str, str] = {}
        self._connections: dict[str, http.client.HTTPConnection] = {}

    def buy(self, code: str, number: int, habit: tuple[str, bool]) -> None:
        """Open the link, order, pay; every step is repeated until it is answered."""
        outcome, comes_back = habit
        landing = self._open(code)
        found = re.search(r'href="(/checkout\?[^"]+)"', self.get(landing).text)
        assert found, "the product page sells nothing"
        form = self.get(unescape(found[1]))
        pay = self._order(form.text, number)
        back = self.post(f"{pay}/confirm", {"outcome": outcome})
        assert back.status == 303, (back.status, back.text[-500:])
        with self._diary.lock:
            self._diary.paid.append(pay.rpartition("/")[2])
        if comes_back:
            there = self.get(back.location)
            assert there.status in {200, 302}, (there.status, there.text[-500:])

    def _open(self, code: str) -> str:
        answer = self._until(lambda: self._ask("GET", f"/s/{code}"), counts_as_touch=True)
        touch = re.search(r"[?&]t=(\d+)", answer.location)
        assert touch, (answer.status, answer.text[-500:])
        with self._diary.lock:
            self._diary.touches.append(int(touch[1]))
        return answer.location

    def _order(self, form: str, number: int) -> str:
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
        assert {"csrfmiddlewaretoken", "token", "agreed"} <= hidden.keys(), form[-500:]
        values = {name: unescape(value) for name, value in hidden.items()}
        values |= ADDRESS | {"email": f"guest{number}@example.com", "provider": "sandbox"}
        answer = self.post("/checkout", values)
        end = time.monotonic() + PATIENCE
        while "/pay/" not in answer.location:
            # The order stands, but the gateway did not answer: its page offers to pay again.
            assert answer.location.startswith("/o/"), (answer.status, answer.text[-800:])
            assert time.monotonic() < end, "the gateway stayed away"
            time.sleep(PAUSE)
            page = self.get(answer.location).text
            token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
            assert token, page[-800:]
            answer = self.post(f"{answer.location}/pay", {"csrfmiddlewaretoken": token[1]})
        return answer.location

    def get(self, url: str) -> Page:
        """Load a page, again and again until it comes."""
        return self._until(lambda: self._ask("GET", url))

    def post(self, url: str, values: Mapping[str, str]) -> Page:
        """Send a form, again and again until it is answered, as a person would."""
        return self._until(lambda: self._ask("POST", url, values))

    def _until(self, ask: Callable[[], Page], *, counts_as_touch: bool = False) -> Page:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if counts_as_touch:
                with self._diary.lock:
                    self._diary.asked_for_touches += 1
            try:
                page = ask()
            except (OSError, http.client.HTTPException):
                with self._diary.lock:
                    self._diary.unreached += 1
                self._hang_up()
                time.sleep(PAUSE)
                continue
            with self._diary.lock:
                self._diary.statuses[page.status] += 1
                if page.status >= 500 and page.status != 503:
                    self._diary.faults.append(page.text[-2000:])
            if page.status < 500 and page.status != 429:
                return page
            time.sleep(PAUSE)
        raise NotServedError("not served in time")

    def _ask(self, method: str, url: str, values: Mapping[str, str] | None = None) -> Page:
        parts = urlsplit(url)
        place = parts.netloc or f"127.0.0.1:{self._port}"
        ours = place.endswith(f":{self._port}")
        connection = self._connections.get(place)
        if connection is None:
            connection = http.client.HTTPConnection(place, timeout=20)
            self._connections[place] = connection
        headers = {"User-Agent": PHONE, "Accept": "text/html"}
        if ours and self._cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self._cookies.items())
        body = None
        if values is not None:
            body = urlencode(values)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            if ours:
                headers["Origin"] = f"http://{place}"
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        if ours:
            for cookie in answer.headers.get_all("Set-Cookie") or ():
                name, _, value = cookie.partition(";")[0].partition("=")
                self._cookies[name.strip()] = value
        return Page(answer.status, answer.headers.get("Location", ""), text)

    def _hang_up(self) -> None:
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()
