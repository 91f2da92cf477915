"""Draws under fire: drawn, taken and passed on at once; each race has its negative control."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest

from banyan.campaigns import actions as campaigns
from banyan.campaigns.actions import applying, drawing, playing
from banyan.campaigns.actions.playing import Played
from banyan.campaigns.models import Campaign, Instance, ProofFile
from banyan.campaigns.problems import Refused
from banyan.entitlements.models import Grant as CouponGrant
from banyan.kernel import clock
from banyan.kernel.problems import Busy
from tests.campaigns.plays import patient
from tests.campaigns.scene import SYSTEM, assert_sound, begun, campaign, coupon, crowd
from tests.support import factories as make
from tests.support.threads import kinds, run_at_once, run_concurrently
from tests.support.weakened import careless, meet, no_locks, without_check, without_unique

pytestmark = pytest.mark.usefixtures("threaded_db")
SECOND = dt.timedelta(seconds=1)


def _entered(people: int) -> Campaign:
    shop = make.shop()
    values: dict[str, Any] = {"prize": coupon(shop).pk, "count": 1, "helpers": 0, "claim_days": 1}
    of = campaign(shop, "assist_draw", **values)
    for who in crowd(people):
        begun(of, who)
    return of


def _drawn(people: int) -> tuple[Campaign, list[Instance]]:
    """Return a draw of one prize, and its entries in the order in which they were drawn."""
    of = _entered(people)
    _at(of.ends_at, _advance)()
    of.refresh_from_db()
    order = json.loads(ProofFile.objects.get(campaign=of).text)["result"]
    rows = Instance.objects.filter(campaign=of).select_related("owner")
    return of, sorted(rows, key=lambda one: order.index(one.code))


def _advance() -> int:
    return campaigns.advance(actor=SYSTEM)


def _at(moment: dt.datetime, call: Callable[[], Any]) -> Callable[[], Any]:
    def then() -> Any:
        with clock.at(moment):
            return call()

    return then


def _takes(entry: Instance) -> Callable[[], Any]:
    assert entry.owner is not None
    who = make.actor(entry.owner)
    return lambda: campaigns.play(actor=who, code=entry.code, verb="redeem")


def _states(entries: list[Instance]) -> list[str]:
    found = dict(Instance.objects.values_list("pk", "state"))
    return [found[one.pk] for one in entries]


def test_f10_prize_stock() -> None:
    of = _entered(5)
    for _n in range(2):
        found = run_concurrently(_at(of.ends_at, _advance), 6)
        assert all(isinstance(one, int | Busy) for one in found), found
    _at(of.ends_at, _advance)()
    won = Instance.objects.select_related("owner").get(state="won")
    found = run_concurrently(_at(of.ends_at, lambda: patient(_takes(won))), 6)
    assert all(isinstance(one, Played | Refused) for one in found), kinds(found)
    _at(of.ends_at, _advance)()
    of.refresh_from_db()
    assert of.state == "settled"
    assert CouponGrant.objects.count() == 1
    assert Instance.objects.filter(state="claimed").count() == 1
    assert (of.reserved, of.spent) == (0, 500)
    assert_sound()


@pytest.mark.parametrize("guarded", [True, False], ids=["by key and checks", "without them"])
def test_f10_control_without_lock_and_machine_one_prize_is_taken_again(
    guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    _of, (won,) = _drawn(1)
    no_locks(monkeypatch)
    careless(monkeypatch, applying)
    meet(monkeypatch, playing, "terms_of", 3)
    with contextlib.ExitStack() as off:
        if not guarded:
            off.enter_context(without_check("campaigns_instance", "instance_promise"))
            off.enter_context(without_check("campaigns_campaign", "campaign_budget"))
            off.enter_context(without_unique("campaigns_grant", "granted_once"))
        found = run_at_once(*(_takes(won) for _n in range(3)))
    assert CouponGrant.objects.count() == (1 if guarded else 3), kinds(found)


def test_a_prize_that_is_passed_on_is_passed_on_once() -> None:
    of, entries = _drawn(3)
    late = _at(entries[0].deadline, _advance)
    for _n in range(2):
        run_concurrently(late, 6)
    late()
    assert _states(entries) == ["forfeited", "won", "waiting"]
    of.refresh_from_db()
    assert (of.reserved, of.spent, CouponGrant.objects.count()) == (500, 0, 0)
    assert_sound()


def test_control_without_lock_and_machine_a_prize_is_promised_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of, entries = _drawn(3)
    with clock.at(entries[0].deadline):
        campaigns.expire_instance(actor=SYSTEM, instance_id=entries[0].pk)
    no_locks(monkeypatch)
    careless(monkeypatch, applying)
    meet(monkeypatch, drawing, "terms_of", 2)
    of.refresh_from_db()
    run_at_once(*(lambda: drawing.draw(actor=SYSTEM, campaign=of) for _n in range(2)))
    of.refresh_from_db()
    assert (_states(entries)[1], of.reserved) == ("won", 1_000)


def test_a_prize_is_taken_or_passed_on() -> None:
    of, entries = _drawn(2)
    late = entries[0].deadline
    found = run_at_once(
        *(_at(late - SECOND, _takes(entries[0])) for _n in range(3)),
        *(_at(late, _advance) for _n in range(3)),
    )
    assert all(isinstance(one, Played | Refused | Busy | int) for one in found), kinds(found)
    _at(late, _advance)()
    taken = int(_states(entries)[0] == "claimed")
    assert _states(entries) == (["claimed", "lost"] if taken else ["forfeited", "won"])
    of.refresh_from_db()
    assert CouponGrant.objects.count() == taken
    assert (of.reserved, of.spent) == (500 * (1 - taken), 500 * taken)
    assert_sound()
