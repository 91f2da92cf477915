"""Touches: who is a person, who is one person, and who is a robot."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.ids import id_floor
from banyan.kernel.models import StoredEvent
from banyan.people.models import Account
from banyan.sharing import actions, queries
from banyan.sharing.models import Exposure, Link, PendingConfirmation, Touch, VisitorAccount
from banyan.sharing.queries import Reach, Scope, reach, reach_by_link
from tests.support import factories as make

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


@pytest.fixture
def ana() -> Account:
    return make.member()


@pytest.fixture
def link(ana: Account) -> Link:
    return actions.share(
        actor=make.actor(ana), target_kind="product", target_id=make.product().pk, via=None
    )


def opened(link: Link, visitor: str = "", account: Account | None = None, **how: str) -> Touch:
    actor = Actor(
        kind="member" if account else "guest", id=account.pk if account else None, visitor=visitor
    )
    return actions.record_touch(actor=actor, link=link, **how)


def seen(link: Link) -> Reach:
    return reach(Scope.link(link.pk))


def test_a_page_that_ran_makes_a_touch_human_once(link: Link) -> None:
    touch = opened(link, "v1")
    assert seen(link) == Reach(shown=1, opened=1)

    assert actions.confirm_touch(actor=Actor.guest("v1"), touch_id=touch.pk)
    touch.refresh_from_db()
    first = touch.confirmed_at
    assert actions.confirm_touch(actor=Actor.guest("v1"), touch_id=touch.pk)

    touch.refresh_from_db()
    assert (touch.verdict, touch.confirmed_at) == ("human", first)
    assert seen(link) == Reach(shown=1, opened=1, visited=1)


@pytest.mark.parametrize("verdict", ["bot", "preview"])
def test_robots_stay_robots_and_are_counted_apart(link: Link, verdict: str) -> None:
    touch = opened(link, verdict=verdict)

    assert not actions.confirm_touch(actor=Actor.guest("v1"), touch_id=touch.pk)
    assert seen(link) == Reach(robots=1)
    assert not StoredEvent.objects.filter(name="sharing.touched").exists()


def test_a_prefetched_page_that_is_looked_at_is_a_person(link: Link) -> None:
    touch = opened(link, verdict="prefetch")
    assert seen(link) == Reach(robots=1)

    actions.confirm_touch(actor=Actor.guest(), touch_id=touch.pk)

    assert seen(link) == Reach(shown=1, opened=1, visited=1)


def test_the_owner_opening_their_own_link_does_not_count(link: Link, ana: Account) -> None:
    opened(link, "v1", ana)
    touch = opened(link, "v2")
    actions.confirm_touch(actor=Actor(kind="member", id=ana.pk, visitor="v2"), touch_id=touch.pk)

    assert seen(link) == Reach(own=2)


def test_signing_in_later_takes_back_what_the_owner_opened(link: Link, ana: Account) -> None:
    opened(link, "v1")
    touch = opened(link, "v1")
    actions.confirm_touch(actor=Actor.guest("v1"), touch_id=touch.pk)
    assert seen(link) == Reach(shown=1, opened=1, visited=1)

    actions.claim_touches(actor=SYSTEM, visitor="v1", account_id=ana.pk)

    assert seen(link) == Reach(own=2)


def test_one_person_on_two_devices_who_signs_up_later_is_one(link: Link) -> None:
    opened(link, "phone")
    opened(link, "laptop")
    opened(link, "stranger")
    assert seen(link).opened == 3

    ben = make.member()
    assert actions.claim_touches(actor=SYSTEM, visitor="phone", account_id=ben.pk) == 1
    assert actions.claim_touches(actor=SYSTEM, visitor="laptop", account_id=ben.pk) == 1
    assert actions.claim_touches(actor=SYSTEM, visitor="laptop", account_id=ben.pk) == 0

    assert seen(link).opened == 2


def test_touches_of_another_account_on_a_shared_browser_stay_theirs(link: Link) -> None:
    ben, cy = make.member(), make.member()
    theirs = opened(link, "shared")
    actions.claim_touches(actor=SYSTEM, visitor="shared", account_id=ben.pk)
    later = opened(link, "shared")

    actions.claim_touches(actor=SYSTEM, visitor="shared", account_id=cy.pk)

    theirs.refresh_from_db()
    later.refresh_from_db()
    assert (theirs.account_id, later.account_id) == (ben.pk, cy.pk)
    assert VisitorAccount.objects.get().account_id == cy.pk


def test_a_confirmation_by_somebody_else_takes_no_touch_away(link: Link) -> None:
    touch = opened(link, "v1")

    actions.confirm_touch(
        actor=Actor(kind="member", id=make.member().pk, visitor="other"), touch_id=touch.pk
    )

    touch.refresh_from_db()
    assert (touch.verdict, touch.account_id) == ("human", None)


def test_a_confirmation_before_its_touch_waits_for_it() -> None:
    now = clock.now()
    fresh = id_floor(now) + 7
    old = id_floor(now - dt.timedelta(days=2))

    assert actions.confirm_touch(actor=Actor.guest("v1"), touch_id=fresh)
    assert actions.confirm_touch(actor=Actor.guest("v1"), touch_id=fresh)
    assert not actions.confirm_touch(actor=Actor.guest("v1"), touch_id=old)
    assert not actions.confirm_touch(actor=Actor.guest("v1"), touch_id=1)

    assert [p.touch_id for p in PendingConfirmation.objects.all()] == [fresh]


def test_a_revoked_link_takes_no_touch(link: Link, ana: Account) -> None:
    revoked = actions.revoke(actor=make.actor(ana), link_id=link.pk)

    with pytest.raises(actions.LinkUnknown):
        opened(revoked, "v1")
    assert not Touch.objects.exists()


def test_without_a_visitor_id_every_opening_is_its_own_person(link: Link) -> None:
    opened(link)
    opened(link)

    assert seen(link).opened == 2
    assert set(Touch.objects.values_list("visitor", flat=True)) == {""}


def test_exposures_count_people_per_day_and_are_written_at_once(link: Link, ana: Account) -> None:
    other = actions.share(
        actor=make.actor(ana), target_kind="product", target_id=make.product().pk, via=None
    )
    links = [link.pk, other.pk, link.pk, 1]

    with CaptureQueriesContext(connection) as queries_made:
        assert actions.record_exposures(actor=SYSTEM, links=links, visitor="v1") == 2
    assert len(queries_made) == 1
    assert actions.record_exposures(actor=SYSTEM, links=links, visitor="v1") == 0
    tomorrow = clock.now().date() + dt.timedelta(days=1)
    actions.record_exposures(actor=SYSTEM, links=[link.pk], visitor="v1", day=tomorrow)
    actions.record_exposures(actor=SYSTEM, links=[link.pk], visitor="v2")
    assert actions.record_exposures(actor=SYSTEM, links=links, visitor=None) == 0

    assert seen(link).shown == 2
    ben = make.member()
    for visitor in ("v1", "v2"):
        actions.claim_touches(actor=SYSTEM, visitor=visitor, account_id=ben.pk)
    assert seen(link).shown == 1
    assert Exposure.objects.count() == 4


def test_reports_of_shop_tree_owner_and_window(link: Link, ana: Account) -> None:
    shop_id = make.product().shop_id
    shop_link = actions.share(
        actor=make.actor(ana), target_kind="shop", target_id=shop_id, via=None
    )
    child = actions.share(
        actor=make.actor(make.member()), target_kind="shop", target_id=shop_id, via=shop_link
    )
    long_ago = clock.now() - dt.timedelta(days=40)
    with clock.at(long_ago):
        opened(shop_link, "v1")
    opened(child, "v1")
    opened(child, "v2", verdict="human")
    opened(link, "v3")

    assert reach(Scope.shop(shop_id)) == Reach(shown=2, opened=2, visited=1)
    assert reach(Scope.tree(shop_link.pk)) == Reach(shown=2, opened=2, visited=1)
    assert reach(Scope.owner(ana.pk)) == Reach(shown=2, opened=2)
    assert reach(Scope.target("shop", shop_id), end=long_ago + dt.timedelta(days=1)).opened == 1
    assert reach(Scope.shop(shop_id), start=clock.now() - dt.timedelta(days=1)).opened == 2
    per_link = reach_by_link(Scope.shop(shop_id))
    assert {pk: r.opened for pk, r in per_link.items()} == {shop_link.pk: 1, child.pk: 2}
    assert queries.reach(Scope.link(1)) == Reach()
