"""Plans: at most two levels, at most half the price, most of it to who shared."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from banyan.earnings import actions, queries
from banyan.earnings.models import Commission, Plan, PlanVersion
from banyan.earnings.problems import PLAN_REASONS, PlanRefused
from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound

from . import story

pytestmark = pytest.mark.django_db

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"rate_bps": 1000, "levels": 3, "direct_bps": 7000}, "too_many_levels"),
    ({"rate_bps": 1000, "levels": 0}, "no_level"),
    ({"rate_bps": 5001}, "rate_over_cap"),
    ({"rate_bps": -1}, "rate_negative"),
    ({"rate_bps": 1000, "levels": 2, "direct_bps": 6999}, "direct_share_too_small"),
    ({"rate_bps": 1000, "levels": 2, "direct_bps": 10001}, "direct_share_too_large"),
    ({"rate_bps": 1000, "hold_days": 91}, "hold_days_out_of_range"),
]


@pytest.mark.parametrize(("terms", "code"), REFUSED)
def test_f15_five_payees_terms_beyond_the_caps_are_refused_by_code(
    terms: dict[str, Any], code: str
) -> None:
    shop = story.shop()
    with pytest.raises(PlanRefused) as refusal:
        story.plan(shop, **terms)
    assert refusal.value.code == code
    assert refusal.value.fields
    assert not PlanVersion.objects.exists()


def test_every_refusal_has_words_and_a_test() -> None:
    assert {code for _, code in REFUSED} == set(PLAN_REASONS)


def test_three_levels_cannot_be_stored_even_below_python() -> None:
    shop = story.shop()
    version = story.plan(shop, rate_bps=1000, levels=2, direct_bps=7000)
    with pytest.raises(IntegrityError, match="plan_two_levels"), transaction.atomic():
        PlanVersion.objects.filter(pk=version.pk).update(levels=3)
    with pytest.raises(IntegrityError, match="plan_direct"), transaction.atomic():
        PlanVersion.objects.filter(pk=version.pk).update(direct_bps=6999)
    with pytest.raises(IntegrityError, match="plan_rate"), transaction.atomic():
        PlanVersion.objects.filter(pk=version.pk).update(rate_bps=5001)
    ana = story.member("ana")
    item = story.variant(shop)
    story.placed((item, 1), via=story.chain(item, ana))
    with pytest.raises(IntegrityError, match="commission_two_levels"), transaction.atomic():
        Commission.objects.update(level=3)


def test_versions_are_counted_and_the_same_terms_make_no_new_one() -> None:
    shop = story.shop()
    first = story.plan(shop, rate_bps=1000)
    assert story.plan(shop, rate_bps=1000) == first
    second = story.plan(shop, rate_bps=1200)
    assert (first.number, second.number) == (1, 2)
    assert Plan.objects.count() == 1


def test_somebody_who_does_not_manage_the_shop_sets_nothing() -> None:
    shop, stranger = story.shop(), story.member()
    for actor in (story.as_actor(stranger), Actor.guest()):
        with pytest.raises(NotFound):
            actions.set_plan(actor=actor, shop_id=shop.pk, rate_bps=1000)
    assert not Plan.objects.exists()


def test_a_product_of_another_shop_gets_no_plan() -> None:
    owner = story.member()
    mine, other = story.shop(owner), story.shop(owner)
    item = story.variant(other)
    with pytest.raises(NotFound):
        actions.set_plan(
            actor=story.as_actor(owner),
            shop_id=mine.pk,
            product_id=item.product_id,
            rate_bps=1000,
        )
    assert not Plan.objects.exists()


def test_an_offer_says_the_least_the_direct_sharer_gets() -> None:
    shop = story.shop()
    item = story.variant(shop, price=9_950)
    assert queries.offer_of(item.product) is None
    story.plan(shop, rate_bps=1000)
    offer = queries.offer_of(item.product)
    assert offer is not None
    assert (offer.amount.amount, offer.rate_bps, offer.hold_days) == (995, 1000, 7)
    story.plan(shop, rate_bps=1000, levels=2, direct_bps=7000)
    lower = queries.offer_of(item.product)
    assert lower is not None
    assert lower.amount.amount == 697
    story.plan(shop, rate_bps=0)
    assert queries.offer_of(item.product) is None


def test_freezing_a_line_takes_the_same_number_of_queries_for_1_and_20_lines() -> None:
    from django.test.utils import CaptureQueriesContext

    ana, shop = story.member("ana"), story.shop()
    story.plan(shop, rate_bps=1000)
    items = [story.variant(shop) for _ in range(20)]
    via = story.chain(items[0], ana)
    story.placed((items[0], 1), via=via)
    counts = []
    for wanted in (items[:1], items):
        with CaptureQueriesContext(connection) as seen:
            story.placed(*[(item, 1) for item in wanted], via=via)
        counts.append(len(seen))
    assert counts[0] == counts[1]
