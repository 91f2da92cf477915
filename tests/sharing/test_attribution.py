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

    card = TargetCard(url="/p", title="p")
    monkeypatch.setitem(ports._resolvers, "post", lambda ids: dict.fromkeys(ids, card))
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


class TestTheTouchThatTheAddressNames:
    """Anybody can write an address: it counts only where it can be this buyer's own touch."""

    def touch(self, item: Product, touch: Touch, **buyer: object) -> int | None:
        found = credit(item, via=touch.link.code, touch_id=touch.pk, **buyer)  # type: ignore[arg-type]
        assert found is not None
        assert found.link == touch.link
        return found.touch_id

    def test_the_same_browser_and_a_browser_without_a_cookie_keep_it(self, item: Product) -> None:
        mine = open_by(share(make.member(), item), "v1")
        assert self.touch(item, mine, visitor="v1") == mine.pk
        assert self.touch(item, mine) == mine.pk

    def test_a_touch_without_an_id_may_be_anybodys(self, item: Product) -> None:
        plain = open_by(share(make.member(), item), "")
        assert self.touch(item, plain, visitor="v1") == plain.pk

    def test_another_browsers_touch_is_ignored_but_the_link_is_not(self, item: Product) -> None:
        foreign = open_by(share(make.member(), item), "v2")
        assert self.touch(item, foreign, visitor="v1") is None

    def test_another_accounts_touch_is_ignored(self, item: Product) -> None:
        ben, cy = make.member(), make.member()
        foreign = open_by(share(make.member(), item), "v2")
        actions.claim_touches(actor=SYSTEM, visitor="v2", account_id=ben.pk)
        assert self.touch(item, foreign, account=cy) is None
        assert self.touch(item, foreign) is None

    def test_signing_in_elsewhere_keeps_the_first_browsers_touch(self, item: Product) -> None:
        ben = make.member()
        first = open_by(share(make.member(), item), "webview")
        actions.claim_touches(actor=SYSTEM, visitor="webview", account_id=ben.pk)
        assert self.touch(item, first, visitor="browser", account=ben) == first.pk

    def test_an_old_one_a_robots_and_another_links_are_ignored(self, item: Product) -> None:
        link = share(make.member(), item)
        assert self.touch(item, open_by(link, "v1", days_ago=31)) is None
        assert self.touch(item, open_by(link, "", verdict="bot")) is None
        other = open_by(share(make.member(), item), "")
        found = credit(item, via=link.code, touch_id=other.pk)
        assert found is not None
        assert (found.link, found.touch_id) == (link, None)

    def test_a_forged_number_falls_back_to_the_persons_own(self, item: Product) -> None:
        mine = open_by(share(make.member(), item), "v1")
        found = credit(item, visitor="v1", via=mine.link.code, touch_id=2**62)
        assert found is not None
        assert found.touch_id == mine.pk
