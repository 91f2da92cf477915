"""Public randomness: a beacon is named beforehand, asked afterwards, and waited for so long."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django.test import Client

from banyan.campaigns import actions as campaigns
from banyan.campaigns import beacon, verifier
from banyan.campaigns.models import Campaign, Instance, ProofFile
from banyan.kernel import clock, relay
from banyan.kernel.problems import Invalid
from banyan.kernel.proofs import fingerprint
from banyan.orders import actions as orders
from tests.campaigns.scene import (
    HOUR,
    SYSTEM,
    assert_sound,
    begun,
    campaign,
    coupon,
    crowd,
    draft,
)
from tests.support import factories as make

pytestmark = pytest.mark.django_db
CHAIN = "52db"
SIGNATURE = hashlib.sha512(b"what nobody knew").hexdigest()


class Beacon(ThreadingHTTPServer):
    """Says what it is told to say, at any round; what it was asked is kept."""

    says: Any = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []

    def at(self, round_: int, **changed: Any) -> None:
        said = bytes.fromhex(SIGNATURE)
        self.says = {
            "round": round_,
            "randomness": hashlib.sha256(said).hexdigest(),
            "signature": SIGNATURE,
        } | changed


class Handler(BaseHTTPRequestHandler):
    server: Beacon

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = json.dumps(self.server.says).encode()
        self.send_response(404 if self.server.says is None else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None: ...


@pytest.fixture
def drand(settings: Any) -> Iterator[Beacon]:
    """A beacon of this machine, which the operator has named."""
    with Beacon() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        host = f"127.0.0.1:{server.server_address[1]}"
        settings.FETCH_ALLOWED_HOSTS = [host]
        settings.BEACON = {
            **{"url": f"http://{host}", "chain": CHAIN, "genesis": 1_600_000_000},
            **{"period": 30, "hours": 24},
        }
        yield server
        server.shutdown()


def draws(**values: Any) -> Campaign:
    shop = make.shop()
    return campaign(shop, "assist_draw", prize=coupon(shop).pk, luck="beacon", **values)


def closed(of: Campaign) -> dict[str, Any]:
    """Let it end; return what is public of its beacon."""
    with clock.at(of.ends_at):
        campaigns.advance(actor=SYSTEM)
        campaigns.advance(actor=SYSTEM)
    of.refresh_from_db()
    return dict(of.public["beacon"])


def asks(of: Campaign, moment: dt.datetime) -> int:
    """Ask the beacon, and draw, if it has spoken."""
    with clock.at(moment):
        heard = campaigns.ask_beacons(actor=SYSTEM)
        campaigns.advance(actor=SYSTEM)
    of.refresh_from_db()
    return heard


@pytest.mark.parametrize("seconds", [0, 1, 29, 30, 31])
def test_the_round_is_the_first_one_after_the_end(drand: Beacon, seconds: int) -> None:
    ends = dt.datetime.fromtimestamp(1_700_000_010 + seconds, tz=dt.UTC)
    told = beacon.named(ends)
    at = dt.datetime.fromisoformat(told["at"])
    wait = at - (ends + beacon.MARGIN)
    assert dt.timedelta(0) <= wait < dt.timedelta(seconds=30)
    assert at.timestamp() == 1_600_000_000 + (told["round"] - 1) * 30
    assert beacon.name_of(told) == f"drand {CHAIN} {told['round']}"


def test_without_a_beacon_none_is_promised(settings: Any) -> None:
    shop = make.shop()
    with pytest.raises(Invalid) as refused:
        draft(shop, "assist_draw", prize=coupon(shop).pk, luck="beacon")
    assert set(refused.value.fields) == {"luck"}


def test_what_the_beacon_says_after_the_freeze_decides(drand: Beacon, settings: Any) -> None:
    of = draws()
    for who in crowd(5):
        begun(of, who)
    before = of.public["published"]
    settings.BEACON = settings.BEACON | {"chain": "another", "period": 7}
    told = closed(of)
    at = dt.datetime.fromisoformat(told["at"])
    assert {"root", "frozen_at"} <= set(of.public)
    assert "proof" not in of.public
    drand.at(told["round"])
    assert asks(of, at - dt.timedelta(seconds=1)) == 0
    assert (drand.asked, "proof" in of.public) == ([], False), "nobody asks too early"
    assert asks(of, at) == 1
    assert drand.asked == [f"/{CHAIN}/public/{told['round']}"]
    file = json.loads(ProofFile.objects.get(campaign=of).text)
    assert file["signature"] == SIGNATURE
    assert file["randomness"] == hashlib.sha256(bytes.fromhex(SIGNATURE)).hexdigest()
    assert file["terms"]["beacon"] == f"drand {CHAIN} {told['round']}"
    assert fingerprint(file["terms"]) == before["terms"], "as it was published"
    assert all(verifier.verify(ProofFile.objects.get(campaign=of).text).values())
    assert Instance.objects.get(state="won").code == file["result"][0]
    assert asks(of, at + HOUR) == 0
    assert len(drand.asked) == 1
    assert_sound()


def test_a_beacon_that_lies_or_is_silent_is_waited_for_and_then_done_without(
    drand: Beacon,
) -> None:
    of = draws()
    for who in crowd(3):
        begun(of, who)
    told = closed(of)
    at = dt.datetime.fromisoformat(told["at"])
    assert asks(of, at) == 0
    drand.at(told["round"] + 1)
    assert asks(of, at) == 0
    drand.at(told["round"], signature=SIGNATURE[::-1])
    assert asks(of, at) == 0
    wrong: list[Any] = [[], {"round": told["round"]}, "x" * 9_000]
    for says in wrong:
        drand.says = says
        assert asks(of, at + 23 * HOUR) == 0
    assert len(drand.asked) == 6
    assert "proof" not in of.public
    assert not Instance.objects.filter(state="won").exists()
    assert asks(of, at + 24 * HOUR) == 0
    text = ProofFile.objects.get(campaign=of).text
    file = json.loads(text)
    assert (file["signature"], file["randomness"]) == ("", "")
    assert (file["terms"]["source"], file["terms"]["patience"]) == ("beacon", 24)
    assert all(verifier.verify(text).values())
    assert Instance.objects.filter(state="won").count() == 1


def test_a_list_that_was_changed_after_the_freeze_is_not_drawn_from(drand: Beacon) -> None:
    of = draws()
    plays = [begun(of, who) for who in crowd(3)]
    told = closed(of)
    page = Client().get(f"/play/{plays[0].code}").content.decode()
    assert of.public["root"] in page
    assert f"/verify?proof=/play/{plays[0].code}/proof" in page
    assert f"What the beacon {beacon.name_of(told)} says" in page
    file = ProofFile.objects.get(campaign=of)
    file.entries[0][1] += 1
    file.save(update_fields=["entries"])
    drand.at(told["round"])
    asks(of, dt.datetime.fromisoformat(told["at"]))
    assert "proof" not in of.public
    assert not Instance.objects.filter(state="won").exists()


def test_who_gives_an_order_back_while_the_beacon_is_waited_for_does_not_win(
    drand: Beacon,
) -> None:
    of, (ana, ben) = draws(orders=1), crowd(2)
    left, stays = begun(of, ana), begun(of, ben)
    assert of.shop is not None
    bought = make.pay(make.place((make.variant(of.shop), 1), buyer=ana)).orders.get()
    told = closed(of)
    orders.undo_orders(actor=SYSTEM, order_ids=[bought.pk], reason="back")
    relay.drain()
    drand.at(told["round"])
    asks(of, dt.datetime.fromisoformat(told["at"]))
    states = dict(Instance.objects.values_list("code", "state"))
    assert states == {left.code: "lost", stays.code: "won"}
    file = json.loads(ProofFile.objects.get(campaign=of).text)
    assert dict(file["entries"])[left.code] == 2, "the list stands as it was closed"
    assert_sound()
