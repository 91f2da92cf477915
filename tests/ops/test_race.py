"""The demo's race: real buyers over HTTP, exact counts, one at a time, honest when it breaks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from banyan.catalog.models import Product, Stock
from banyan.kernel.problems import TooMany
from banyan.ops.demo.race import crowd, desk, runner
from banyan.ops.demo.race.book import Book
from banyan.ops.demo.race.buyer import Buyer, Lines
from banyan.ops.demo.race.recount import recount, settle
from banyan.ops.demo.race.stage import Sale, stage
from banyan.ops.processes import ProcessIdentity, process_identity
from banyan.web.edge.app import Edge
from banyan.web.shop import race as race_page
from banyan.web.shop.race import Race
from tests.support import factories
from tests.support.sandbox import run_sandbox, serve_shop
from tests.support.threads import run_concurrently

UNITS, BUYERS, LANES = 3, 9, 4


def _press(client: Client) -> Any:
    return client.post("/demo/race/start", HTTP_SEC_FETCH_SITE="same-origin")


@contextmanager
def _town(settings: Any, tmp_path: Path) -> Iterator[str]:
    """A shop with its share links, and its gateway; yields the shop's address."""
    settings.VAR_DIR = tmp_path
    with run_sandbox(tmp_path / "sandbox.sqlite") as gateway:
        for name, value in gateway.settings.items():
            setattr(settings, name, value)
        with serve_shop(Edge) as origin:
            yield origin


@pytest.fixture
def cast(threaded_db: None) -> dict[str, Any]:
    """The two members that a race needs."""
    return {name: factories.member(name, is_demo=True) for name in ("ana", "mio")}


@pytest.fixture
def kept(settings: Any, tmp_path: Path) -> Book:
    """The book of this test's installation."""
    settings.VAR_DIR = tmp_path
    return desk.book()


def test_a_race_sells_exactly_what_there_is(
    cast: dict[str, Any], settings: Any, tmp_path: Path
) -> None:
    """Nine buyers want three cups: three paid, six refused in words, the books at zero."""
    with _town(settings, tmp_path) as origin:
        kept = desk.book()
        with kept.gate():
            waiting = kept.open(units=UNITS, buyers=BUYERS)

        assert runner.run(waiting.ident, origin=origin, kept=kept, lanes=LANES) == 0

    over = kept.latest()
    assert over is not None
    assert over.recount is not None
    assert (over.state, over.paid, over.refused, over.failed) == ("over", UNITS, 6, 0)
    assert (over.recount.paid, over.recount.unsold, over.recount.oversold) == (UNITS, 0, 0)
    assert over.recount.ledger == 0
    assert over.recount.journals > 0
    assert sum(over.reasons.values()) == 6
    page = Client().get("/demo/race").content.decode()
    assert "3 paid, 0 oversold, 0 unsold, ledger 0" in page
    assert over.product_url in page


def test_a_second_race_sells_a_fresh_product(
    cast: dict[str, Any], settings: Any, tmp_path: Path
) -> None:
    """The first race's sold-out cup is not sold again."""
    with _town(settings, tmp_path) as origin:
        kept = desk.book()
        for _ in range(2):
            with kept.gate():
                waiting = kept.open(units=1, buyers=2)
            runner.run(waiting.ident, origin=origin, kept=kept, lanes=2)
            time.sleep(0.01)
    assert Product.objects.filter(shop__slug="race-day").count() == 2
    assert [stock.allocated for stock in Stock.objects.all()] == [1, 1]


def test_the_recount_sees_what_the_buyers_did_not_say(cast: dict[str, Any]) -> None:
    """The numbers come from the tables: a unit taken off the books by force is seen."""
    sale = stage(merchant=cast["mio"], sharer=cast["ana"], units=2)
    checkout = factories.place((Product.objects.get(pk=sale.product_id).variants.get(), 1))
    factories.pay(checkout)
    settle(sale)

    honest = recount(sale)
    cheated = recount(Sale(sale.shop_id, sale.product_id, sale.variant_id, 0, sale.link))

    assert (honest.paid, honest.unsold, honest.oversold, honest.ledger) == (1, 1, 0, 0)
    assert cheated.oversold == 1


def test_a_visit_that_meets_no_shop_is_told_as_failed() -> None:
    """A dead address is neither paid nor refused."""
    outcome = Buyer(1, origin="http://127.0.0.1:9", lines=Lines()).buy("/s/none")
    assert outcome.state == "failed"
    assert "ConnectionRefusedError" in outcome.reason


def test_an_error_in_the_telling_stops_the_crowd() -> None:
    """Nobody new sets out once the runner is not to go on."""
    told: list[str] = []

    def tell(outcome: object) -> None:
        told.append("one")
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        crowd.send("/s/x", origin="http://127.0.0.1:9", numbers=range(50), lanes=1, tell=tell)
    assert len(told) == 1


# -- one at a time ---------------------------------------------------------------------------------


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The races that were handed to the worker."""
    from banyan.ops.jobs import run_race

    handed: list[str] = []
    monkeypatch.setattr(run_race, "defer", lambda ident: handed.append(ident))
    return handed


@pytest.mark.django_db
def test_pressing_twice_starts_one_race(kept: Book, started: list[str]) -> None:
    """The second press leads to the race that goes on."""
    client = Client()
    for _ in range(2):
        assert _press(client).headers["Location"] == "/demo/race"
    assert len(started) == 1
    assert "on their way" in client.get("/demo/race").content.decode()


def test_pressing_at_the_same_moment_starts_one_race(
    threaded_db: None, kept: Book, started: list[str]
) -> None:
    """Eight presses at once are one race."""

    def press() -> None:
        desk.RaceDesk().start()
        connections.close_all()

    run_concurrently(press, 8)
    assert len(started) == 1


@pytest.mark.django_db
def test_another_site_cannot_start_one(kept: Book, started: list[str]) -> None:
    """A press from elsewhere is refused, and nothing starts."""
    answer = Client().post("/demo/race/start", HTTP_SEC_FETCH_SITE="cross-site")
    assert answer.status_code == 403
    assert started == []


@pytest.mark.django_db
@pytest.mark.usefixtures("midday")
def test_so_many_races_in_an_hour_and_no_more(kept: Book, started: list[str]) -> None:
    """After twelve the thirteenth is told to wait."""
    for _ in range(desk.MOST_PER_HOUR):
        race = desk.RaceDesk().start()
        kept.write(Race(ident=race.ident, state="over", units=1, buyers=1))
    with pytest.raises(TooMany):
        desk.RaceDesk().start()
    assert len(started) == desk.MOST_PER_HOUR


@pytest.mark.django_db
def test_without_the_demo_there_is_no_race(kept: Book, settings: Any) -> None:
    """The page and its button are not there."""
    settings.DEMO = False
    assert Client().get("/demo/race").status_code == 404
    assert _press(Client()).status_code == 404
    settings.DEMO = True
    race_page.register(None)
    try:
        assert Client().get("/demo/race").status_code == 404
    finally:
        race_page.register(desk.RaceDesk())


# -- a killed runner -------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_killed_runner_is_told_and_another_race_may_start(kept: Book, started: list[str]) -> None:
    """Given a race whose process is killed midway, the page says so and offers the button."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    identity = process_identity(process.pid)
    assert isinstance(identity, ProcessIdentity)
    with kept.gate():
        race = kept.open(units=100, buyers=500)
    kept.write(
        Race(ident=race.ident, state="running", units=100, buyers=500, paid=7), runner=identity
    )
    client = Client()
    assert "7" in client.get("/demo/race").content.decode()
    _press(client)
    assert started == []

    process.send_signal(signal.SIGKILL)
    process.wait()

    page = client.get("/demo/race").content.decode()
    assert "ended before it was over" in page
    _press(client)
    assert len(started) == 1


@pytest.mark.django_db
def test_a_race_nobody_took_up_is_told_broken(kept: Book) -> None:
    """Without a worker the page does not say for ever that the buyers are on their way."""
    old = Race(ident=f"{time.time_ns() - 120 * 10**9:020d}", state="waiting", units=1, buyers=1)
    kept.write(old)
    latest = kept.latest()
    assert latest is not None
    assert latest.state == "broken"


def test_a_race_is_run_once_however_often_its_job_comes(kept: Book) -> None:
    """The second run of the job finds the race taken."""
    with kept.gate():
        race = kept.open(units=1, buyers=1)
    taken = [kept.take(race.ident), kept.take(race.ident)]
    assert taken[0] is not None
    assert taken[1] is None
    assert kept.take("nothing") is None


def test_old_races_are_forgotten(kept: Book) -> None:
    """The folder does not grow for ever."""
    for _ in range(25):
        kept.open(units=1, buyers=1)
    assert len(list(kept.folder.glob("*.json"))) == 20


def test_the_gate_lets_one_in_at_a_time(kept: Book) -> None:
    """Whoever waits gets in when the other has left."""
    order: list[str] = []

    def second() -> None:
        with kept.gate():
            order.append("second")

    with kept.gate():
        waiting = threading.Thread(target=second)
        waiting.start()
        time.sleep(0.1)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]
    assert os.listdir(kept.folder) == []
