"""Mechanic 2.6 as a campaign: the sale is set up, paused and ended with it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from banyan.campaigns import actions as campaigns
from banyan.campaigns.figures import _time
from banyan.campaigns.models import Campaign, Instance
from banyan.campaigns.problems import Refused
from banyan.catalog.models import Variant
from banyan.kernel import flags
from banyan.kernel.problems import Conflict, Invalid
from banyan.people.models import Profile
from banyan.sales import actions as sales
from banyan.sales.models import Bucket, Entry, Right, Sale
from tests.campaigns.scene import SYSTEM, begun, campaign, draft, somebody
from tests.sales.scene import assert_sound
from tests.support import factories as make
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


@pytest.fixture
def item() -> Variant:
    return make.variant(price=10_000, stock=20)


def flash(item: Variant, **values: Any) -> Campaign:
    usual = {"variant": item.pk, "price": 5_000, "public": 5, "codes": 3, "room": False}
    return campaign(item.product.shop, "flash_sale", **usual | values)


def test_publishing_it_publishes_the_sale(item: Variant) -> None:
    of = flash(item)
    sale = Sale.objects.get()
    assert of.public == {"sale": str(sale.pk)}
    assert (sale.starts_at, sale.ends_at) == (of.starts_at, of.ends_at)
    assert dict(Bucket.objects.values_list("kind", "size")) == {"public": 5, "code": 3}
    html = client().get(f"/campaign/{of.code}").content.decode()
    assert f'href="/sale/{sale.pk}"' in html
    with pytest.raises(Refused, match="play_not_offered"):
        begun(of, somebody())
    assert not Instance.objects.exists()
    assert_sound()


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (dt.timedelta(seconds=7.6), "0:00:08"),
        (dt.timedelta(minutes=59, seconds=59.7), "1:00:00"),
        (dt.timedelta(days=2, hours=1, minutes=2, seconds=3), "49:02:03"),
    ],
)
def test_after_which_time_units_were_sold_has_no_word_of_any_language(
    after: dt.timedelta, told: str
) -> None:
    assert _time(after) == told


def test_a_bought_unit_costs_what_was_shown_f24_flash_price(item: Variant) -> None:
    flash(item)
    sales.advance_sales(actor=SYSTEM)
    assert make.place((item, 1), buyer=somebody()).total_amount == 5_000


def test_it_is_paused_and_ended_with_its_campaign(item: Variant) -> None:
    of, owner = flash(item), make.actor(item.product.shop.owner)
    campaigns.pause_campaign(actor=owner, campaign_id=of.pk)
    sale = Sale.objects.get()
    assert sale.paused_at is not None
    campaigns.resume_campaign(actor=owner, campaign_id=of.pk)
    sale.refresh_from_db()
    assert sale.paused_at is None
    campaigns.end_campaign(actor=owner, campaign_id=of.pk)
    sale.refresh_from_db()
    assert sale.state == "ended"


@pytest.mark.parametrize("room", [True, False])
def test_a_sale_that_is_for_some_refuses_all_others_wherever_they_come_in(
    item: Variant, room: bool
) -> None:
    newcomer, regular = somebody(), somebody()
    make.pay(make.place((make.variant(), 1), buyer=regular))
    of = flash(item, audience="newcomers", room=room)
    sale, owner = Sale.objects.get(), make.actor(item.product.shop.owner)
    (code,) = sales.codes_of(
        actor=owner,
        batch_id=sales.issue_codes(
            actor=owner, sale_id=sale.pk, variant_id=item.pk, channel="by hand", count=1
        ).pk,
    )
    assert sale.needs_right, "nobody can order what they were not asked for"
    ways: list[Any] = [
        lambda who: sales.claim(actor=who, sale_id=sale.pk, variant_id=item.pk),
        lambda who: sales.enter_code(actor=who, sale_id=sale.pk, code=code.code),
    ]
    if room:
        ways.append(lambda who: sales.enter_room(actor=who, sale_id=sale.pk))
    for way in ways:
        with pytest.raises(Refused, match="play_newcomers_only"):
            way(make.actor(regular))
    assert make.place((item, 1), buyer=regular).total_amount == 10_000, "the usual price"
    assert not Right.objects.exclude(state="issued").exists()
    assert not Entry.objects.exists()

    taken = sales.enter_code(actor=make.actor(newcomer), sale_id=sale.pk, code=code.code)

    assert taken.state == "bound"
    assert make.place((item, 1), buyer=newcomer).total_amount == 5_000
    page = client().get(f"/sale/{sale.pk}").content.decode()
    assert "Newcomers: who has never bought here" in page
    assert f'href="/campaign/{of.code}/rules"' in page
    assert_sound()


def test_a_tier_and_an_age_are_asked_for_too(item: Variant) -> None:
    flash(item, tier="buyer", min_age=18)
    who, sale = somebody(), Sale.objects.get()
    with pytest.raises(Refused, match="play_tier_buyer"):
        sales.claim(actor=make.actor(who), sale_id=sale.pk, variant_id=item.pk)
    make.pay(make.place((make.variant(), 1), buyer=who))
    with pytest.raises(Refused, match="play_age_unknown"):
        sales.claim(actor=make.actor(who), sale_id=sale.pk, variant_id=item.pk)
    Profile.objects.filter(pk=who.pk).update(birthday=dt.date(1990, 1, 1))
    assert sales.claim(actor=make.actor(who), sale_id=sale.pk, variant_id=item.pk).state == "bound"


def test_who_is_refused_reads_why_on_the_page_of_the_sale(item: Variant) -> None:
    flash(item, tier="buyer")
    answer = client(somebody()).post(f"/sale/{Sale.objects.get().pk}/claim", {"variant": item.pk})
    assert answer.status_code == 409
    assert "This is for those who have paid an order here." in answer.content.decode()


def test_turned_off_nobody_takes_or_orders_a_unit_and_who_has_one_pays(item: Variant) -> None:
    flash(item)
    sale, first = Sale.objects.get(), somebody()
    sales.claim(actor=make.actor(first), sale_id=sale.pk, variant_id=item.pk)
    desk = make.actor(make.staff("moderation"))
    campaigns.switch_mechanic(actor=desk, code="flash_sale", on=False, reason="a fault")
    flags.forget()
    with pytest.raises(Refused, match="play_paused"):
        sales.claim(actor=make.actor(somebody()), sale_id=sale.pk, variant_id=item.pk)
    with pytest.raises(Refused, match="play_paused"):
        make.place((item, 1), buyer=somebody())
    assert make.pay(make.place((item, 1), buyer=first)).total_amount == 5_000
    assert_sound()


def test_what_a_sale_cannot_be_is_refused_and_nothing_is_left(item: Variant) -> None:
    with pytest.raises(Invalid):
        flash(item, public=0, codes=0)
    dear = draft(item.product.shop, "flash_sale", variant=item.pk, price=10_001, room=False)
    owner = make.actor(item.product.shop.owner)
    with pytest.raises((Invalid, Conflict)):
        campaigns.publish_campaign(actor=owner, campaign_id=dear.pk)
    assert not Sale.objects.exists()
    dear.refresh_from_db()
    assert dear.state == "draft"
