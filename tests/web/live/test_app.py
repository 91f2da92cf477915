"""The live application over ASGI: who may listen, what is written, when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from typing import Any

import pytest

from banyan.kernel.rings import Ring, keys_from
from banyan.web.live import app, tickets
from banyan.web.live.hub import MOST_PER_PERSON, Hub, Stream
from tests.support.threads import run_alone

ENVIRONMENT = {"BANYAN_SECRET_KEY": "s", "BANYAN_PORT": "9000", "BANYAN_PUBLIC_URL": ""}
ORIGIN = "http://shop.test:9000"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    hub = Hub()
    monkeypatch.setattr(hub, "start", lambda: None)
    monkeypatch.setattr(app, "hub", hub)
    return hub


def ticket(*topics: str, age: float = 0, person: str = "p") -> str:
    key = keys_from(ENVIRONMENT, Ring.STREAMS)[0]
    return tickets.issue(topics or ("shop:1",), person=person, now=time.time() - age, key=key)


class Browser:
    """One request; what was sent back is in ``status``, ``headers`` and ``text``."""

    def __init__(self, query: str, **headers: str) -> None:
        self.scope = {
            "type": "http",
            "path": "/live/",
            "query_string": query.encode(),
            "headers": [
                (name.replace("_", "-").encode(), value.encode())
                for name, value in ({"host": "shop.test:9001"} | headers).items()
            ],
        }
        self.status, self.text = 0, ""
        self.headers: dict[str, str] = {}
        self.gone = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {k.decode(): v.decode() for k, v in message["headers"]}
        else:
            self.text += message["body"].decode()

    async def run(self, meanwhile: Any = None) -> None:
        task = asyncio.create_task(app.application(self.scope, self.receive, self.send))
        for _ in range(20):
            await asyncio.sleep(0)
        if meanwhile is not None:
            meanwhile()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(task), 0.05)
        self.gone.set()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def visit(query: str, meanwhile: Any = None, **headers: str) -> Browser:
    async def go() -> Browser:
        browser = Browser(query, **headers)
        await browser.run(meanwhile)
        return browser

    return run_alone(go())


def test_a_page_hears_topics_and_kinds_of_its_own_and_nothing_else(hub: Hub) -> None:
    def happen() -> None:
        hub.hear("5 shop:1=order.paid shop:2=order.refunded")

    got = visit(f"t={ticket()}", happen, origin=ORIGIN)
    assert got.status == 200
    assert got.headers["content-type"] == "text/event-stream"
    assert got.headers["access-control-allow-origin"] == ORIGIN
    assert "event: beat" in got.text
    assert 'id: 5\nevent: tick\ndata: {"shop:1":["order.paid"]}\n\n' in got.text
    assert "shop:2" not in got.text
    assert hub.streams == set()


def test_the_position_of_the_last_event_is_honoured(hub: Hub) -> None:
    hub.begin_at(4)
    hub.hear("5 shop:1=order.placed")
    hub.hear("6 shop:1=order.paid")
    got = visit(f"t={ticket()}", last_event_id="5")
    assert '["order.paid"]' in got.text
    assert "order.placed" not in got.text


@pytest.mark.parametrize("query", ["", "t=", "t=shop:1", f"t={'x' * 900}"])
def test_without_a_ticket_nothing_is_heard(hub: Hub, query: str) -> None:
    assert visit(query).status == 401
    assert visit(f"t={ticket(age=tickets.LIFETIME)}").status == 401


def test_a_stream_ends_with_its_ticket_and_asks_for_another(hub: Hub) -> None:
    async def listen() -> Browser:
        browser, soon = Browser(""), time.time() + 0.05
        stream = Stream(frozenset(["shop:1"]), "p")
        await app._stream(stream, soon, [], browser.receive, browser.send)
        return browser

    got = run_alone(listen())
    assert got.text.endswith("event: renew\ndata: 0\n\n")


def test_a_reader_that_is_stuck_is_let_go(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "SLOWEST_SEND", 0.02)

    async def listen() -> None:
        browser = Browser("")

        async def stuck(message: Any) -> None:
            if message["type"] == "http.response.body":
                await asyncio.sleep(60)

        stream = Stream(frozenset(["shop:1"]), "p")
        await asyncio.wait_for(
            app._stream(stream, time.time() + 60, [], browser.receive, stuck), 60
        )

    run_alone(listen())


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.test:9000",
        "http://shop.test:9002",
        "http://shop.test.evil.test:9000",
        "https://shop.test:9000@evil.test",
        "null",
        "http://shop.test:notaport",
    ],
)
def test_another_sites_page_is_refused(hub: Hub, origin: str) -> None:
    assert visit(f"t={ticket()}", origin=origin).status == 403


def test_a_site_with_an_address_of_its_own_is_exact() -> None:
    site = {"BANYAN_PUBLIC_URL": "https://shop.example/"}
    assert app.allowed("https://shop.example", "live.example", site)
    assert not app.allowed("http://shop.example", "shop.example", site)
    assert not app.allowed("https://shop.example:8443", "shop.example:8443", site)


def test_too_many_streams_of_one_person_are_refused_softly(hub: Hub) -> None:
    mine = tickets.read(ticket(), now=time.time(), keys=keys_from(ENVIRONMENT, Ring.STREAMS))
    assert mine is not None
    for _ in range(MOST_PER_PERSON):
        hub.join(Stream(frozenset(["shop:1"]), mine.person), after=None, issued=0)
    assert visit(f"t={ticket()}").status == 429
    assert visit(f"t={ticket(person='other')}").status == 200


def test_the_process_imports_no_django() -> None:
    code = "import sys, banyan.web.live; print('django' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
