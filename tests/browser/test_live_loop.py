"""A visitor buys on a phone; the merchant's screen on the desk shows it, within a second."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.wsgi import get_wsgi_application
from django.db import connection, connections
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from banyan.kernel import relay
from banyan.people import actions as people
from banyan.people.models import Account
from banyan.sharing import actions as sharing
from banyan.sharing import spool
from banyan.sharing.models import Link
from banyan.web.edge.app import Edge
from tests.support import factories as make
from tests.support.ports import free_port
from tests.support.sandbox import run_sandbox
from tests.support.serving import serve

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
PHONE: Any = {"width": 390, "height": 844}
DESK: Any = {"width": 1280, "height": 800}
# A headless browser says so in its name, and is counted among the robots.
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1"
)
SOON = 60_000


@dataclass(slots=True)
class House:
    """The running parts: pages at ``url``; ``live`` can be stopped as if a firewall cut it."""

    url: str
    live: subprocess.Popen[bytes]


@pytest.fixture
def house(threaded_db: None, settings: Any, tmp_path: Path) -> Iterator[House]:
    """Web with the edge, the live process, relay, spool loader and the sandbox gateway."""
    settings.VAR_DIR = tmp_path
    edge = Edge(StaticFilesHandler(get_wsgi_application()), directory=tmp_path / "spool")
    stop = threading.Event()
    threads = [
        threading.Thread(target=_with_database, args=(loop, stop), daemon=True)
        for loop in (relay.run, spool.run_loader)
    ]
    live_port = free_port()
    settings.LIVE_URL = f"http://localhost:{live_port}"
    with (
        run_sandbox(tmp_path / "sandbox.sqlite") as gateway,
        serve(edge) as port,
        _live(live_port, port) as live,
    ):
        for name, value in gateway.settings.items():
            setattr(settings, name, value)
        _open_policy(settings, settings.LIVE_URL, gateway.url)
        for thread in threads:
            thread.start()
        yield House(f"http://localhost:{port}", live)
        stop.set()
        for thread in threads:
            thread.join(10)
    edge.close()
    connections.close_all()


def _with_database(loop: Any, stop: threading.Event) -> None:
    try:
        loop(stop)
    finally:
        connections.close_all()


@contextlib.contextmanager
def _live(port: int, web_port: int) -> Iterator[subprocess.Popen[bytes]]:
    to = connection.settings_dict
    address = f"postgresql:///{to['NAME']}?host={to['HOST']}&port={to['PORT']}&user={to['USER']}"
    serve = "-m granian --no-ws --log-level error --interface asgi --workers-kill-timeout 1"
    process = subprocess.Popen(
        [sys.executable, *serve.split(), "--port", str(port), "banyan.web.live:application"],
        env=os.environ
        | {"DATABASE_URL": address, "BANYAN_PORT": str(web_port), "BANYAN_PUBLIC_URL": ""},
    )
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        process.wait(10)


def _open_policy(settings: Any, live: str, gateway: str) -> None:
    policy = deepcopy(settings.CONTENT_SECURITY_POLICY)
    policy["DIRECTIVES"]["connect-src"].append(live)
    policy["DIRECTIVES"]["form-action"].append(gateway)
    settings.CONTENT_SECURITY_POLICY = policy


def signed_in(browser: Browser, house: House, account: Account, **options: Any) -> Page:
    """Return a page of a browser in which ``account`` is signed in."""
    client = Client()
    client.force_login(account)
    context = browser.new_context(**options)
    for name, cookie in client.cookies.items():
        context.add_cookies([{"name": name, "value": cookie.value, "url": house.url}])
    return context.new_page()


def shared_goods() -> Link:
    """Return Ben's link to some goods, passed on from Ana's."""
    item = make.product(price=6_800)
    ana, ben = make.member("ana"), make.member("ben")
    first = sharing.share(actor=make.actor(ana), target_kind="product", target_id=item.pk, via=None)
    return sharing.share(actor=make.actor(ben), target_kind="product", target_id=item.pk, via=first)


def root_of(link: Link) -> Link:
    """Return the link that a tree began with."""
    assert link.root is not None
    return link.root


def shop_of(link: Link) -> Any:
    from banyan.catalog.models import Product

    return Product.objects.select_related("shop__owner").get(pk=link.target_id).shop


def seconds(page: Page, selector: str, count: int, since: float) -> float:
    """Return how long after ``since`` the page shows ``count`` of ``selector``."""
    expect(page.locator(selector)).to_have_count(count, timeout=SOON)
    return time.monotonic() - since


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_studio_sees_the_visit_the_order_and_the_payment_as_they_happen(
    house: House, browser: Browser
) -> None:
    link = shared_goods()
    shop = shop_of(link)
    studio = signed_in(browser, house, shop.owner, viewport=DESK)
    studio.goto(f"{house.url}/studio/{shop.slug}/shares/{root_of(link).code}")
    expect(studio.locator(".tree [data-node]")).to_have_count(2)
    phone = browser.new_context(viewport=PHONE, has_touch=True, user_agent=SAFARI).new_page()

    began = time.monotonic()
    phone.goto(f"{house.url}/s/{link.code}")
    opened = seconds(studio, ".tree circle.n-opened", 1, began)
    expect(phone.get_by_text("Ana shared with Ben, Ben with you")).to_be_visible()
    assert studio.locator(".tree circle.n-opened.new").count() == 1

    phone.get_by_role("link", name="Buy for").click()
    for name, value in {
        "email": "guest@example.com",
        "recipient": "Guest",
        "phone": "+8613800000000",
        "street": "Lakeside Road 1",
        "level1": "Zhejiang",
        "level2": "Hangzhou",
        "level3": "Xihu",
    }.items():
        phone.locator(f"[name={name}]").first.fill(value)
    began = time.monotonic()
    phone.get_by_role("button", name="Pay").first.click()
    ordered = seconds(studio, ".tree circle.n-ordered", 1, began)
    phone.wait_for_url("**/pay/**")
    began = time.monotonic()
    phone.get_by_role("button", name="Pay").first.click()
    paid = seconds(studio, ".tree circle.n-bought", 1, began)

    print(f"seconds to the studio: opened {opened:.2f}, ordered {ordered:.2f}, paid {paid:.2f}")
    expect(studio.locator(".tree .n-opened, .tree .n-ordered")).to_have_count(0)


def test_a_cut_stream_is_replaced_by_looking_every_ten_seconds(
    house: House, browser: Browser
) -> None:
    link = shared_goods()
    shop = shop_of(link)
    studio = signed_in(browser, house, shop.owner, viewport=DESK)
    studio.clock.install()
    studio.route("**/live/**", lambda route: route.abort())
    studio.goto(f"{house.url}/studio/{shop.slug}/shares/{root_of(link).code}")
    sharing.record_touch(actor=make.actor(make.member()), link=link, verdict="human")
    seen = studio.locator(".tree circle.n-opened")
    studio.wait_for_timeout(1_000)
    assert seen.count() == 0, "the page should not have heard of it by a stream"
    studio.clock.run_for(11_000)
    expect(seen).to_have_count(1, timeout=SOON)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_badge_counts_what_happens_while_the_page_is_open(
    house: House, browser: Browser
) -> None:
    ana, ben = make.member("ana"), make.member("ben")
    page = signed_in(browser, house, ana, viewport=PHONE)
    page.goto(f"{house.url}/me")
    expect(page.locator("#unread .badge")).to_have_count(0)
    people.follow(actor=make.actor(ben), account_id=ana.pk)
    expect(page.locator("#unread .badge")).to_have_text("1", timeout=SOON)
    expect(page.locator("#live")).to_contain_text("Unread notifications: 1", timeout=SOON)

    listed = signed_in(browser, house, ana, viewport=PHONE)
    listed.goto(f"{house.url}/notifications")
    listed.get_by_role("button", name="Mark all as read").click()
    expect(page.locator("#unread .badge")).to_have_count(0, timeout=SOON)
