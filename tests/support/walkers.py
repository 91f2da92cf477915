"""Browsers that walk over HTTP: through the share-link edge first, then the pages."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_started
from django.db import close_old_connections
from django.test import Client

from banyan.people.models import Account
from banyan.sharing.spool import load_once
from banyan.web.edge.app import Edge
from tests.support.factories import ADDRESS
from tests.web.edge.calls import Answer, call
from tests.web.people.driver import enter

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Mobile Safari"
WECHAT = PHONE + " MicroMessenger/8.0.49 NetType/WIFI Language/zh_CN"


class Town:
    """One edge with its spool, which all walkers of a test open links through."""

    def __init__(self, spool: Path) -> None:
        self.spool = spool
        # The handler would close the connection that carries the test's transaction.
        request_started.disconnect(close_old_connections)
        self.edge = Edge(WSGIHandler(), directory=spool)

    def close(self) -> None:
        """Stop the edge."""
        self.edge.close()
        request_started.connect(close_old_connections)

    def knock(self, code: str, *, agent: str = PHONE, method: str = "GET", **extra: str) -> None:
        """Open a link without any browser behind it, as robots do, and let it be recorded."""
        call(self.edge, f"/s/{code}", agent=agent, method=method, **extra)
        self.load()

    def django(self, method: str, path: str, *, agent: str = PHONE) -> Answer:
        """Send one request through the edge to the pages behind it."""
        return call(self.edge, path, method=method, agent=agent)

    def load(self) -> None:
        """Bring what was opened into the database, as the worker does all the time."""
        load_once(self.spool)


class Walker:
    """A person's browser: follows links, loads the pictures that say that a page ran."""

    def __init__(self, town: Town, account: Account | None = None, agent: str = PHONE) -> None:
        self.town = town
        self.agent = agent
        self.browser = Client(headers={"user-agent": agent})
        if account is not None:
            self.browser.force_login(account)
        self.at = ""
        self.page = ""

    def open(self, code: str) -> str:
        """Tap a share link; return the page that it leads to, drawn with its pictures."""
        landing = self._tap(code)
        self.town.load()
        return self.go(landing)

    def glance(self, code: str) -> None:
        """Tap a link and load only the picture that proves it, sooner than the spool is read."""
        touch = parse_qs(urlsplit(self._tap(code)).query)["t"][0]
        self.browser.get(f"/t/{touch}")

    def _tap(self, code: str) -> str:
        jar = "; ".join(f"{name}={m.value}" for name, m in self.browser.cookies.items())
        answer = call(self.town.edge, f"/s/{code}", agent=self.agent, HTTP_COOKIE=jar)
        assert answer.status == 302, answer.status
        for name, morsel in answer.cookies.items():
            self.browser.cookies[name] = morsel.value
        return answer.header("location")

    def go(self, url: str) -> str:
        """Visit an address and load the picture that proves it."""
        response: Any = self.browser.get(url, follow=True)
        assert response.status_code == 200, (url, response.status_code)
        self.at = response.redirect_chain[-1][0] if response.redirect_chain else url
        self.page = response.content.decode()
        for pixel in re.findall(r'src="(/t/\d+)"', self.page):
            self.browser.get(pixel)
        return self.page

    def follow(self, pattern: str) -> str:
        """Follow the first link of the page whose address matches ``pattern``."""
        return self.go(self.href(pattern))

    def href(self, pattern: str) -> str:
        """Return the address of the first link that matches ``pattern``."""
        for found in re.findall(r'href="([^"]+)"', self.page):
            url = unescape(found)
            if re.search(pattern, url):
                return url
        raise AssertionError(f"no link to {pattern} on {self.at}")

    def share(self) -> str:
        """Press Share where one stands; return the code of one's own link."""
        return self.share_at(self.href(r"^/share/"))

    def share_at(self, url: str) -> str:
        """Open a share sheet by its address; return the code of one's own link."""
        page = self.go(url)
        found = re.search(r'value="http://testserver/s/([^"]+)"', page)
        assert found, page
        return found.group(1)

    def sign_up(self, contact: str) -> None:
        """Sign in by a code that was sent to ``contact``; the first time makes the account."""
        answer: Any = enter(self.browser, contact)
        assert answer.status_code == 302
        self.go(answer["Location"])

    def buy(self, **typed: str) -> str:
        """Press Buy where one stands, fill in and place; return the address of the payment page."""
        self.follow(r"^/checkout\?")
        return self.place(**typed)

    def form(self) -> dict[str, str]:
        """Return the hidden fields of the page's form."""
        pairs = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', self.page)
        return {name: unescape(value) for name, value in pairs}

    def press(self, pattern: str, **typed: str) -> str:
        """Send the first form whose address matches ``pattern``; return the page it leads to."""
        forms = re.findall(
            r'<form\b[^>]*method="post" action="([^"]+)".*?</form>', self.page, re.DOTALL
        )
        action = next((unescape(one) for one in forms if re.search(pattern, unescape(one))), "")
        assert action, f"no form to {pattern} on {self.at}"
        response: Any = self.browser.post(action, {**self.form(), **typed}, follow=True)
        assert response.status_code == 200, (action, response.status_code)
        self.at = response.redirect_chain[-1][0] if response.redirect_chain else action
        self.page = response.content.decode()
        return self.page

    def place(self, **typed: str) -> str:
        """Send the checkout form; return where the browser is sent to pay."""
        answer: Any = self.browser.post("/checkout", {**self.form(), **ADDRESS, **typed})
        assert answer.status_code == 302, answer.content.decode()[-2000:]
        return str(answer["Location"])


def payment_ref(url: str) -> str:
    """Return the gateway's reference out of the address of its pay page."""
    return urlsplit(url).path.rsplit("/", 1)[1]
