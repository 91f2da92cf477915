"""Offers to a group: who is told, how often, and what is counted."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from banyan.catalog import actions as catalog
from banyan.groups import actions as groups
from banyan.groups.access import visible_offers
from banyan.groups.actions.offers import tell_batch
from banyan.groups.models import Group, Membership, Notice, Offer
from banyan.groups.queries import Figures, figures_of
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.models import StoredEvent
from banyan.kernel.problems import Conflict, Forbidden, NotFound, TooMany
from banyan.notify.models import Notification
from banyan.people import actions as people
from banyan.people.models import Account
from tests.api.client import Program
from tests.groups import circles
from tests.support import factories as make
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


def offered(circle: Group, who: Account | None = None) -> Offer:
    actor = make.actor(who) if who else circles.owner_of(circle)
    return groups.offer_to_group(actor=actor, group_id=circle.pk, product_id=make.product().pk)


def outcome(offer: Offer, who: Account) -> str:
    return Notice.objects.get(offer=offer, account=who).outcome


def test_nobody_is_told_who_has_not_asked_for_it() -> None:
    circle = circles.group()
    ben = circles.joined(circle)
    first = offered(circle)
    groups.tell_offers()
    assert not Notice.objects.exists()

    groups.want_offers(actor=make.actor(ben), group_id=circle.pk, wanted=True)
    second = offered(circle)
    groups.tell_offers()

    assert outcome(second, ben) == "told"
    assert not Notice.objects.filter(offer=first).exists(), "what was told is not told again"
    groups.want_offers(actor=make.actor(ben), group_id=circle.pk, wanted=False)
    offered(circle)
    groups.tell_offers()
    assert Notification.objects.filter(recipient=ben, kind="group.offer").count() == 1


def test_two_in_three_days_and_then_two_more() -> None:
    circle = circles.group(offer_cap=2, offer_days=3)
    ben = circles.joined(circle, wants_offers=True)
    begin = clock.now()
    seen = []
    for hours in (0, 1, 71, 72, 73, 74):
        with clock.at(begin + dt.timedelta(hours=hours)):
            offer = offered(circle, circles.joined(circle))
            groups.tell_offers()
            seen.append(outcome(offer, ben))
    assert seen == ["told", "told", "capped", "told", "told", "capped"]


def test_a_cap_of_none_tells_nobody() -> None:
    circle = circles.group(offer_cap=0)
    ben = circles.joined(circle, wants_offers=True)
    offer = offered(circle)
    groups.tell_offers()
    assert outcome(offer, ben) == "capped"
    assert not Notification.objects.filter(kind="group.offer").exists()


def test_a_cap_is_one_groups_own() -> None:
    ben = make.member()
    for _ in range(2):
        circle = circles.group(offer_cap=1)
        circles.joined(circle, ben, wants_offers=True)
        offer = offered(circle)
        groups.tell_offers()
        assert outcome(offer, ben) == "told"


def test_who_mutes_or_is_apart_is_not_told_and_keeps_their_notice_for_others() -> None:
    circle = circles.group(offer_cap=1)
    ana = circles.founder(circle)
    muting, blocked = (circles.joined(circle, wants_offers=True) for _ in range(2))
    people.mute_person(actor=make.actor(muting), account_id=ana.pk)
    people.block(actor=make.actor(ana), account_id=blocked.pk)
    offer = offered(circle)
    groups.tell_offers()
    offer.refresh_from_db()

    assert (outcome(offer, muting), outcome(offer, blocked)) == ("muted", "apart")
    assert figures_of([offer])[offer.pk] == Figures(muted=1, apart=1, done=True)
    assert not Notification.objects.filter(kind="group.offer").exists()
    other = offered(circle, circles.joined(circle))
    groups.tell_offers()
    assert outcome(other, muting) == "told"


def test_a_worker_that_dies_between_batches_leaves_nobody_out_and_tells_nobody_twice() -> None:
    circle = circles.group()
    members = [circles.joined(circle, wants_offers=True) for _ in range(5)]
    offer = offered(circle)

    assert tell_batch(offer_id=offer.pk, size=2)
    assert Notice.objects.count() == 2
    groups.tell_offers()
    groups.tell_offers()

    assert {row.account_id for row in Notice.objects.all()} == {one.pk for one in members}
    told = Notification.objects.filter(kind="group.offer")
    assert (told.count(), set(told.values_list("n", flat=True))) == (5, {1})
    assert StoredEvent.objects.get(name="group.offer_told").payload["told"] == 5


@pytest.mark.usefixtures("midday")
def test_who_may_offer_and_what() -> None:
    circle = circles.group(listers="moderators")
    ben, cy = circles.joined(circle), make.member()
    product = make.product()

    for who in (ben, cy):
        with pytest.raises(Forbidden):
            groups.offer_to_group(actor=make.actor(who), group_id=circle.pk, product_id=product.pk)
    assert not Offer.objects.exists()
    owner = circles.owner_of(circle)
    first = groups.offer_to_group(actor=owner, group_id=circle.pk, product_id=product.pk)
    again = groups.offer_to_group(actor=owner, group_id=circle.pk, product_id=product.pk)
    assert first.pk == again.pk
    assert StoredEvent.objects.filter(name="group.offered").count() == 1
    with pytest.raises(NotFound):
        groups.offer_to_group(
            actor=owner,
            group_id=circle.pk,
            product_id=make.product().pk,
            variant_id=product.variants.get().pk,
        )
    with pytest.raises(NotFound):
        groups.offer_to_group(actor=owner, group_id=circle.pk, product_id=1)
    for _ in range(4):
        offered(circle)
    with pytest.raises(TooMany):
        offered(circle)


def test_what_went_off_sale_is_told_to_nobody_and_opens_nothing() -> None:
    circle = circles.group()
    ben = circles.joined(circle, wants_offers=True)
    offer = offered(circle)
    catalog.unpublish_product(
        actor=make.actor(offer.product.shop.owner), product_id=offer.product_id
    )
    groups.tell_offers()
    assert not Notice.objects.exists()
    with pytest.raises(Conflict) as refused:
        groups.open_offer(actor=make.actor(ben), offer_id=offer.pk)
    assert refused.value.code == "offer_ended"


@pytest.mark.parametrize("how", ["leave", "remove", "ban", "goes for good"])
def test_what_somebody_offers_ends_when_they_belong_no_more(how: str) -> None:
    circle = circles.group()
    owner, ana = circles.owner_of(circle), circles.joined(circle)
    ben, cy = circles.joined(circle, wants_offers=True), circles.joined(circle)
    gone, stays = offered(circle, ana), offered(circle, cy)

    match how:
        case "leave":
            groups.leave(actor=make.actor(ana), group_id=circle.pk)
        case "remove":
            groups.remove(actor=owner, group_id=circle.pk, account_id=ana.pk)
        case "ban":
            groups.ban(actor=owner, group_id=circle.pk, account_id=ana.pk)
        case _:
            groups.leave_all(account_id=ana.pk)
    groups.tell_offers()

    told = Notification.objects.filter(recipient=ben, kind="group.offer")
    assert [one.group_key for one in told] == [f"group.offer:{stays.pk}"]
    assert list(visible_offers(make.actor(ben), circle)) == [stays]
    with pytest.raises(Conflict, match="offer_ended"):
        groups.open_offer(actor=make.actor(ben), offer_id=gone.pk)
    again = groups.offer_to_group(
        actor=make.actor(cy), group_id=circle.pk, product_id=gone.product_id
    )
    assert again.by_id == cy.pk, "others may offer the same now"


def test_opening_twice_is_one_visit_and_one_opened() -> None:
    circle = circles.group()
    ben = circles.joined(circle, wants_offers=True)
    offer = offered(circle)
    groups.tell_offers()

    visits = {groups.open_offer(actor=make.actor(ben), offer_id=offer.pk)[1] for _ in range(3)}

    assert len({visit.pk for visit in visits if visit}) == 1
    assert figures_of([offer])[offer.pk].opened == 1
    left = circles.joined(circle)
    groups.open_offer(actor=make.actor(left), offer_id=offer.pk)
    assert figures_of([offer])[offer.pk].opened == 1, "only who was told counts as opened"
    assert Membership.objects.get(account=ben).told == 1


@pytest.mark.parametrize("how", ["taken down", "taken off sale", "of a closed shop"])
def test_what_is_no_longer_on_sale_is_not_shown_in_the_groups_shop(how: str) -> None:
    circle = circles.group()
    product = make.product(title="Walnut bowl")
    offer = groups.offer_to_group(
        actor=circles.owner_of(circle), group_id=circle.pk, product_id=product.pk
    )
    reader = circles.joined(circle)
    page, path = f"/g/{circle.slug}/shop", f"/groups/{circle.slug}/offers"
    assert "Walnut bowl" in client(reader).get(page).content.decode()
    assert [one["id"] for one in Program(reader).get(path)["items"]] == [str(offer.pk)]

    seller = make.actor(product.shop.owner)
    if how == "taken down":
        catalog.take_down_product(actor=Actor.system("desk"), product_id=product.pk, reason="fake")
    elif how == "taken off sale":
        catalog.unpublish_product(actor=seller, product_id=product.pk)
    else:
        type(product.shop).objects.filter(pk=product.shop_id).update(state="suspended")

    assert "Walnut bowl" not in client(reader).get(page).content.decode()
    assert Program(reader).get(path)["items"] == []
    assert "Walnut bowl" not in Client().get(page).content.decode()
