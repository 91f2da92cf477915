"""Attribution: the link in hand, else the last touch; never one's own, never a robot's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from banyan.catalog.models import Product
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.people.models import Account
from banyan.sharing import actions, ports
from banyan.sharing.models import Link, Touch
from banyan.sharing.ports import TargetCard
from banyan.sharing.queries import Attribution, attribute
from tests.support import factories as make

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


@pytest.fixture
def item() -> Product:
    return make.product()


def share(owner: Account, target: Product | int, via: Link | None = None) -> Link:
    kind, pk = ("product", target.pk) if isinstance(target, Product) else ("shop", target)
    return actions.share(actor=make.actor(owner), target_kind=kind, target_id=pk, via=via)


def open_by(link: Link, visitor: str, *, days_ago: float = 0, verdict: str = "unknown") -> Touch:
    with clock.at(clock.now() - dt.timedelta(days=days_ago)):
        return actions.record_touch(actor=Actor.guest(visitor), link=link, verdict=verdict)


def credit(
    item: Product,
    *,
    visitor: str | None = None,
    account: Account | None = None,
    via: str | None = None,
    touch_id: int | None = None,
) -> Attribution | None:
    return attribute(
        visitor=visitor,
        account_id=account.pk if account else None,
        via_code=via,
        product_id=item.pk,
        shop_id=item.shop_id,
        at=clock.now(),
        touch_id=touch_id,
    )


def link_of(found: Attribution | None) -> Link | None:
    return None if found is None else found.link


def test_the_last_touch_of_the_visitor_gets_the_credit(item: Product) -> None:
    first, last = share(make.member(), item), share(make.member(), item)
    open_by(first, "v", days_ago=2)
    touch = open_by(last, "v", days_ago=1)
    open_by(first, "somebody else")

    assert credit(item, visitor="v") == Attribution(last, touch.pk)
    assert credit(item, visitor="nobody") is None
    assert credit(item) is None


def test_the_link_in_hand_beats_the_last_touch(item: Product) -> None:
    first, last = share(make.member(), item), share(make.member(), item)
    touch = open_by(first, "v", days_ago=2)
    open_by(last, "v")

    assert credit(item, visitor="v", via=first.code) == Attribution(first, touch.pk)


def test_credit_travels_in_the_link_alone_when_cookies_are_dropped(item: Product) -> None:
    link = share(make.member(), item)
    touch = open_by(link, "")

    assert credit(item, via=link.code) == Attribution(link, None)
    assert credit(item, via=link.code, touch_id=touch.pk) == Attribution(link, touch.pk)


def test_a_touch_of_another_link_is_not_taken_for_ours(item: Product) -> None:
    link, other = share(make.member(), item), share(make.member(), item)
    foreign = open_by(other, "x")

    assert credit(item, via=link.code, touch_id=foreign.pk) == Attribution(link, None)


def test_a_touch_counts_for_thirty_days(item: Product) -> None:
    link = share(make.member(), item)
    open_by(link, "v", days_ago=30.01)
    assert credit(item, visitor="v") is None

    open_by(link, "v", days_ago=29.99)
    assert link_of(credit(item, visitor="v")) == link


@pytest.mark.parametrize("verdict", ["bot", "preview", "prefetch"])
def test_robots_bring_no_buyers(item: Product, verdict: str) -> None:
    open_by(share(make.member(), item), "v", verdict=verdict)

    assert credit(item, visitor="v") is None


def test_nobody_earns_from_their_own_link(item: Product) -> None:
    buyer, ana = make.member(), make.member()
    own, anas = share(buyer, item), share(ana, item)
    open_by(anas, "v", days_ago=1)
    open_by(own, "v")

    assert link_of(credit(item, visitor="v", account=buyer)) == anas
    assert link_of(credit(item, visitor="v", account=buyer, via=own.code)) == anas
    assert credit(item, account=buyer, via=own.code) is None


def test_a_guest_known_to_be_the_owner_does_not_either(item: Product) -> None:
    buyer = make.member()
    own = share(buyer, item)
    actions.claim_touches(actor=SYSTEM, visitor="v", account_id=buyer.pk)

    assert credit(item, visitor="v", via=own.code) is None


def test_below_an_own_link_the_next_sharer_above_is_somebody_else(item: Product) -> None:
    ana, buyer = make.member(), make.member()
    anas = share(ana, item)
    own = share(buyer, item, via=anas)

    assert link_of(credit(item, account=buyer, via=own.code)) == anas

    actions.revoke(actor=make.actor(ana), link_id=anas.pk)
    assert credit(item, account=buyer, via=own.code) is None


def test_a_revoked_link_earns_nothing(item: Product) -> None:
    ana = make.member()
    link = share(ana, item)
    open_by(link, "v")
    actions.revoke(actor=make.actor(ana), link_id=link.pk)

    assert credit(item, visitor="v", via=link.code) is None


def test_links_into_the_same_shop_count_and_others_do_not(item: Product) -> None:
    sibling = make.product(item.shop)
    for link, fits in (
        (share(make.member(), sibling), True),
        (share(make.member(), item.shop_id), True),
        (share(make.member(), make.product()), False),
        (share(make.member(), make.shop().pk), False),
    ):
        visitor = f"v{link.pk}"
        open_by(link, visitor)
        expected = link if fits else None
        assert link_of(credit(item, visitor=visitor)) == expected
        assert link_of(credit(item, via=link.code)) == expected


def test_a_post_counts_by_what_it_shows_or_by_having_led_here(
    item: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows = {11: True, 12: False}

    def coverage(ids: Collection[int], *, product_id: int, shop_id: int) -> Iterable[int]:
        return [post for post in ids if shows[post]]

    monkeypatch.setitem(ports._resolvers, "post", lambda pk: TargetCard(url="/p", title="p"))
    monkeypatch.setitem(ports._coverages, "post", coverage)
    owner = make.actor(make.member())
    fitting, other = (
        actions.share(actor=owner, target_kind="post", target_id=post, via=None) for post in shows
    )
    open_by(fitting, "v", days_ago=1)
    open_by(other, "v")

    assert link_of(credit(item, visitor="v")) == fitting
    assert link_of(credit(item, visitor="v", via=other.code)) == other


def test_what_an_account_opened_on_another_device_counts(item: Product) -> None:
    ben, link = make.member(), share(make.member(), item)
    open_by(link, "phone")
    actions.claim_touches(actor=SYSTEM, visitor="phone", account_id=ben.pk)

    assert link_of(credit(item, account=ben)) == link
    assert link_of(credit(item, visitor="laptop", account=ben)) == link


def test_what_another_account_opened_on_this_browser_does_not(item: Product) -> None:
    ben, cy, link = make.member(), make.member(), share(make.member(), item)
    open_by(link, "shared")
    actions.claim_touches(actor=SYSTEM, visitor="shared", account_id=ben.pk)

    assert credit(item, visitor="shared", account=cy) is None


def test_the_number_of_queries_does_not_grow_with_touches(item: Product) -> None:
    link = share(make.member(), item)
    counts = []
    for _ in range(3):
        for _ in range(5):
            open_by(link, "v")
        with CaptureQueriesContext(connection) as seen:
            credit(item, visitor="v")
        counts.append(len(seen))

    assert counts == [counts[0]] * 3
    assert counts[0] <= 3
