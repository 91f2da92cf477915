"""Old rows are gone through once, and make what the events would have made."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from banyan.kernel import clock, relay
from banyan.kernel.remembered import change
from banyan.orders.models import Checkout
from banyan.people import actions as people
from banyan.people.models import Account
from banyan.trust import actions, jobs, ports, queries
from banyan.trust.models import Edge, Joined, LookBack
from banyan.trust.queries import cluster_of
from tests.support import factories as make

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def edges() -> set[tuple[Any, ...]]:
    """Return the edges, but not their sources: a browser may be seen in two ways at once."""
    rows = Edge.objects.values_list(
        "account_id", "digest", "kind", "times", "first_seen", "last_seen", "expires_at"
    )
    return set(rows)


def persons() -> dict[int, int]:
    return dict(Joined.objects.values_list("account_id", "cluster"))


def live() -> None:
    """Live for two years: browsers that are shared, orders to one address again and again."""
    now = clock.now()
    item = make.variant(stock=99)
    ana, again, ben, cy = (make.member() for _n in range(4))
    Account.objects.filter(pk__in=[ana.pk, again.pk]).update(display_name="Ana Li")
    for one in (ana, again):
        one.refresh_from_db()
    for ago, buyer, browser in (
        (600, cy, "old"), (180, ana, "ana's"), (179, ben, "ben's"), (90, ana, "ana's"),
        (89, ana, "phone"), (60, again, "other"), (59, cy, "other"), (1, ben, "ben's"),
    ):  # fmt: skip
        with clock.at(now - ago * DAY):
            people.join_browser(account=buyer, visitor=browser, cart_token="")
            paid = make.pay(make.place((item, 1), buyer=buyer))
            Checkout.objects.filter(pk=paid.pk).update(visitor=browser)
            relay.drain()
            actions.forget_expired()


def emptied() -> None:
    Edge.objects.all().delete()
    Joined.objects.all().delete()


def sweep() -> int:
    total = 0
    while count := actions.look_back(most=2):
        total += count
    return total


@pytest.fixture
def told() -> tuple[set[tuple[Any, ...]], dict[int, int]]:
    """What the events have made of a life, which is forgotten then: rows without events."""
    live()
    actions.forget_expired()
    made = edges(), persons()
    assert len(set(made[1].values())) == 1, "some are one person"
    emptied()
    return made


def test_old_rows_make_what_the_events_would_have_made(told: Any) -> None:
    rows = sweep()
    assert (edges(), persons()) == told
    assert rows > len(told[0])
    assert not queries.looking_back()
    assert sweep() == 0, "done is done"
    LookBack.objects.all().delete()
    assert sweep() == rows, "a second time from the start"
    assert (edges(), persons()) == told, "nothing is counted twice"


def test_what_events_have_told_already_is_not_counted_twice(told: Any) -> None:
    sweep()
    emptied()
    LookBack.objects.all().delete()
    last = Checkout.objects.order_by("-pk").first()
    assert last is not None
    (before,) = ports.readers()["purchases"][1](last.pk + 1, 1)
    actions.record_each([actions.Seen(before.account_id, before.keys, "order", before.at)])
    sweep()
    assert (edges(), persons()) == told


def test_killed_in_the_middle_it_goes_on(told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The edges of a batch are written, its progress is not."""

    def killed(row: Any, *_rest: Any) -> bool:
        if isinstance(row, LookBack):
            raise KeyboardInterrupt
        return change(row, *_rest)

    assert actions.look_back(most=2) > 0
    before = set(LookBack.objects.values_list("name", "below"))
    monkeypatch.setattr(actions, "change", killed)
    with pytest.raises(KeyboardInterrupt):
        actions.look_back(most=2)
    assert set(LookBack.objects.values_list("name", "below")) == before
    monkeypatch.undo()
    sweep()
    assert (edges(), persons()) == told


def test_the_job_goes_on_each_minute_until_all_is_done(
    told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "LOOKS", 1)
    monkeypatch.setattr(actions.look_back, "__kwdefaults__", {"most": 3})
    assert jobs.look_back(timestamp=0) > 0
    far = {one.name: one for one in queries.looking_back()}
    assert far.keys() >= {"browsers", "purchases"}
    assert far["purchases"].rows == 3
    while jobs.look_back(timestamp=0):
        pass
    assert (edges(), persons()) == told


def test_contacts_of_old_accounts_are_noted_by_their_last_sign_in() -> None:
    long_ago = clock.now() - 800 * DAY
    ana = make.member(email="ana@example.com")
    tagged = make.member(email="ana+shop@example.com")
    gone = make.member(email="ana+gone@example.com", is_active=False)
    idle = make.member(email="ana+idle@example.com")
    Account.objects.update(created_at=long_ago)
    Account.objects.exclude(pk=idle.pk).update(last_login=clock.now() - DAY)
    sweep()
    assert cluster_of(tagged.pk) == ana.pk
    for one in (gone, idle):
        assert cluster_of(one.pk) == one.pk
    assert Edge.objects.get(account=ana).expires_at < clock.now() + 730 * DAY


def test_rows_of_guests_and_unpaid_orders_tell_nothing() -> None:
    item = make.variant(stock=9)
    make.pay(make.place((item, 1)))
    make.place((item, 1), buyer=make.member())
    sweep()
    assert not Edge.objects.exists()
