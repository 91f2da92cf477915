"""Somebody who walks every page: follows links and GET forms, and notes which routes were met."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from django.conf import settings
from django.test import Client
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve

from tests.support.pages import Page

# The desk is walked for dead ends; its markup is django-unfold's, and tests/browser reads it.
DESK = "admin:"
START = "start"
CHOOSING = frozenset({"state", "part", "step", "why"})
# Of most kinds one row shows what there is to see; these differ in what can be done with them.
VARIED = dict.fromkeys(("campaign", "play", "post", "product", "profile", "studio_thread"), 4)
VARIED |= {"purchase": 6, "relation": 4, "studio_campaign": 2}
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36"


def route_names(resolver: URLResolver | None = None, space: str = "") -> set[str]:
    """Return the names of all routes of an URL conf, with their namespaces."""
    names: set[str] = set()
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            names |= route_names(entry, inner)
        elif isinstance(entry, URLPattern) and entry.name:
            names.add(space + entry.name)
    return names


@cache
def _route(path: str) -> str | None:
    """Return the name of the route that leads there. Links say the same few things many times."""
    try:
        return resolve(path).view_name
    except Resolver404:
        return None


@cache
def kind_of(url: str) -> str:
    """Return the kind of a page: its route and what its query chooses."""
    address = urlsplit(url)
    name = _route(address.path) or START
    if name.startswith(DESK):
        return name  # its lists can be filtered in more ways than anybody can walk
    query = sorted(
        f"{key}={value}" if key in CHOOSING else key for key, value in parse_qsl(address.query)
    )
    return f"{name}?{'&'.join(query)}"


@dataclass
class Walk:
    """What a walk met: pages by address, routes by name, and faults as (address, words)."""

    pages: dict[str, Page] = field(default_factory=dict)
    routes: set[str] = field(default_factory=set)
    faults: list[tuple[str, str]] = field(default_factory=list)


class Crawler:
    """Walks as one person, and opens every kind of page that a link leads to.

    A kind is a route, the names of its query, and the values that choose a list. One page of it is
    opened, of VARIED kinds some, from pages of different kinds; and every start.
    """

    def __init__(self, account: Any = None, *, language: str = "en") -> None:
        self.client = Client(headers={"user-agent": BROWSER, "accept": "text/html"})
        if account is not None:
            self.client.force_login(account)
        self.client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        self.walk = Walk()
        self._opened: set[tuple[str, str]] = set()
        self._times: Counter[str] = Counter()
        self._seen: set[str] = set()

    def run(self, starts: Iterable[str] = ("/",)) -> Walk:
        """Walk from ``starts`` until nothing new is met."""
        waiting = deque((start, START) for start in starts)
        while waiting:
            url, found_on = waiting.popleft()
            for further in self._visit(url, found_on):
                waiting.append((further, url))
        return self.walk

    def _visit(self, url: str, found_on: str) -> list[str]:
        address = urlsplit(url)
        if address.netloc or address.path.startswith(settings.STATIC_URL):
            return []
        path = address.path + (f"?{address.query}" if address.query else "")
        if path in self._seen:
            return []
        name = self._meet(address.path, found_on)
        if name is None:
            return []
        desk = name.startswith(DESK)
        edge = ("" if desk else kind_of(found_on), kind_of(path))
        enough = self._times[edge[1]] >= VARIED.get(name, 1)
        if found_on != START and (enough or edge in self._opened):
            return []
        self._opened.add(edge)
        self._times[edge[1]] += 1
        self._seen.add(path)
        return self._open(path, found_on, name)

    def _meet(self, path: str, found_on: str) -> str | None:
        name = _route(path)
        if name is None:
            self.walk.faults.append((found_on, f"leads nowhere: {path}"))
        else:
            self.walk.routes.add(name)
        return name

    def _open(self, path: str, found_on: str, name: str) -> list[str]:
        response: Any = self.client.get(path)
        if response.status_code in {301, 302}:
            return [urljoin(path, response["Location"])]
        if response.status_code >= 400:
            self.walk.faults.append((found_on, f"{response.status_code}: {path}"))
            return []
        if not response.headers.get("Content-Type", "").startswith("text/html"):
            return []
        html = response.content.decode()
        if "<html" not in html:
            return []
        page = Page(html)
        if not name.startswith(DESK):
            self.walk.pages[path] = page
            self.walk.faults += [(path, fault) for fault in page.faults]
        onward = [link for link in page.links if not link.startswith(("#", "mailto:", "tel:"))]
        onward += page.sources
        for form in page.forms:
            action = urljoin(path, form.action or path)
            if form.method == "get":
                query = urlencode({k: v for k, v in form.fields.items() if v})
                # A browser drops the query of the address that a GET form is sent to.
                onward.append(action.partition("?")[0] + (f"?{query}" if query else ""))
            else:
                self._meet(urlsplit(action).path, path)
        return [urljoin(path, link) for link in onward if not link.startswith("data:")]
