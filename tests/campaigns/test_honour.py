"""What moves people: a benefit, honour, or both; a switch of the same mechanic."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from markupsafe import escape

from banyan.campaigns import actions as campaigns
from banyan.campaigns import verifier
from banyan.campaigns.disclosing import facts_of, report_of
from banyan.campaigns.effects import (
    Fund,
    GiveCoupon,
    GiveOff,
    GivePrice,
    Mark,
    Move,
    PayOut,
    Reprice,
)
from banyan.campaigns.honour import by_drive
from banyan.campaigns.mechanic import mechanics
from banyan.campaigns.models import DRIVES, MARKETS, Campaign, Grant, Instance, ProofFile
from banyan.campaigns.subscribers import waiting
from banyan.catalog.models import Shop, Variant
from banyan.entitlements.models import Grant as CouponGrant
from banyan.entitlements.models import PriceRight
from banyan.kernel import clock
from banyan.kernel.problems import Invalid
from banyan.ledger.models import Journal
from banyan.notify.models import Notification
from banyan.orders.models import Order, OrderLine
from banyan.people import actions as people
from banyan.sales.models import SaleItem
from tests.campaigns.phones import WECHAT, Phone
from tests.campaigns.scene import (
    SYSTEM,
    assert_sound,
    campaign,
    coupon,
    draft,
    later,
    somebody,
)
from tests.support import factories as make

pytestmark = pytest.mark.django_db
ALL = ("coupon_pack", "like_collection", "assist_draw", "referral", "bargain", "group_buy")
OFFERED = [(code, drive) for code in ALL for drive in DRIVES]
VERB = {"coupon_pack": "join", "referral": "join", "group_buy": "join"}


@pytest.fixture
def shop() -> Shop:
    return make.shop()


def test_marks_are_shown_by_whom_they_belong_to_and_to_nobody_else_before_they_agree(
    shop: Shop,
) -> None:
    of = campaign(shop, "like_collection", drive="honour", likes=1)
    ana, ben, cy = somebody(), somebody(), somebody()
    for owner in (ana, ben):
        play = campaigns.begin(actor=make.actor(owner), code=of.code)
        campaigns.play(actor=make.actor(cy), code=play.code, verb="help")
    path, hers = f"/campaign/{of.code}", f"/@{ana.handle}"
    page = Phone(cy).look(path)
    assert "2 people have a mark of honour here." in page
    assert "Well liked" not in page
    assert "Well liked" not in Phone(cy).look(hers)
    assert "Only you see them." in Phone(ana).look("/me/plays")

    people.record_consent(actor=make.actor(ana), purpose="honours", granted=True)

    page = Phone(cy).look(path)
    assert f'href="{hers}"' in page
    assert "Well liked" in page
    assert "and 1 more" in page
    assert ben.display_name not in page
    assert "Well liked" in Phone(somebody()).look(hers)
    assert "Everybody sees them" in Phone(ana).look("/me/plays")
    assert "Honoured here" not in Phone(cy, WECHAT).look(path)

    people.block(actor=make.actor(ana), account_id=cy.pk)
    assert f'href="{hers}"' not in Phone(cy).look(path)
    people.record_consent(actor=make.actor(ana), purpose="honours", granted=False)
    assert "Well liked" not in Phone(somebody()).look(hers)


def test_a_campaign_for_a_benefit_honours_nobody(shop: Shop) -> None:
    of = campaign(shop, "coupon_pack", coupon=coupon(shop).pk)
    assert "Honoured here" not in Phone(somebody()).look(f"/campaign/{of.code}")


def driven(item: Variant, code: str, drive: str) -> Campaign:
    """Publish a campaign; only what moves people differs, and the reward that goes with it."""
    terms: dict[str, Any] = {"like_collection": {"likes": 1}, "bargain": {"floor": 8_000}}.get(
        code, {}
    )
    if code in {"bargain", "group_buy"}:
        terms = terms | {"price": 8_000} if code == "group_buy" else terms
        terms = {"variant": item.pk, "people": 2} | ({} if drive == "honour" else terms)
    elif drive != "honour":
        terms = terms | {mechanics()[code].terms.main: coupon(item.product.shop).pk}
    budget = 0 if drive == "honour" else 1_000_000
    return campaign(item.product.shop, code, drive=drive, budget=budget, **terms)


@pytest.mark.parametrize(("code", "drive"), OFFERED)
def test_each_mechanic_runs_by_every_drive_that_it_offers(code: str, drive: str) -> None:
    item = make.variant()
    of = driven(item, code, drive)
    ana, ben = Phone(somebody()), Phone(somebody())
    play = ana.begin(of)

    ben.act(play, VERB.get(code, "help"))
    if code == "group_buy":
        assert "friend helped" not in ana.look(play), "a place that is not paid for is no help"
        for who in (ana, ben):
            make.pay(make.place((item, 1), buyer=who.account))

    seen, thanked = ana.look(play), ben.look(play)
    honours = drive in {"honour", "both"}
    assert ("1 friend helped." in seen) is honours
    assert ("You have helped 1 friend here. Thank you!" in thanked) is honours
    assert "helped 1 friend here" not in seen, "one does not help oneself"
    if drive == "honour":
        assert not Grant.objects.exclude(kind="honour", cost=0, reference=None).exists()
        of.refresh_from_db()
        assert (of.reserved, of.spent) == (0, 0)
    assert_sound()


def test_likes_for_honour_end_as_soon_as_they_are_reached() -> None:
    of = driven(make.variant(), "like_collection", "honour")
    ana, ben = Phone(somebody()), Phone(somebody())
    play = ana.begin(of)
    ben.act(play, "help")
    one = Instance.objects.get()
    assert (one.state, one.ended_at is not None) == ("redeemed", True)
    assert "Take it" not in ana.look(play)
    assert "It is reached. Thank you!" in ana.page
    kinds = set(Notification.objects.filter(recipient=ana.account).values_list("kind", flat=True))
    assert "campaign.thanked" in kinds
    assert "campaign.reached" not in kinds


def test_likes_for_honour_that_stay_too_few_are_void() -> None:
    of = campaign(make.shop(), "like_collection", drive="honour", likes=2, budget=0)
    Phone(somebody()).begin(of)
    assert later(Instance.objects.get()).state == "void"
    assert_sound()


def test_every_mechanic_has_the_switch() -> None:
    assert {kind.drives for kind in mechanics().values()} == {("benefit", "honour", "both")}


def marks(who: Phone) -> list[str]:
    rows = Grant.objects.filter(account=who.account, kind="honour", cost=0, reference=None)
    return list(rows.order_by("rule").values_list("rule", flat=True))


def test_a_pack_of_honour_is_a_mark_for_who_opens_and_for_who_sent_it() -> None:
    of = driven(make.variant(), "coupon_pack", "honour")
    ana, ben = Phone(somebody()), Phone(somebody())
    play = ana.begin(of)
    ben.act(play, "join")
    assert (marks(ana), marks(ben)) == (["sender"], ["opened"])
    assert "Opened it" in ben.look(play)
    assert "A mark of honour" in ben.page
    assert "A coupon is yours" not in ben.page
    assert of.shop is not None
    assert f"/shop/{of.shop.slug}" in ben.page, "honour leads on to the goods"
    assert "Marks of honour" in ben.look("/me/plays")
    assert "Marks of honour" not in Phone(somebody()).look("/me/plays")
    assert not CouponGrant.objects.exists()


def test_a_draw_of_honour_gives_a_title_and_can_be_checked() -> None:
    of = campaign(make.shop(), "assist_draw", drive="honour", budget=0, count=1, helpers=0)
    phones = [Phone(somebody()) for _n in range(3)]
    plays = [one.begin(of) for one in phones]
    later(Instance.objects.all()[0])
    with clock.at(of.ends_at):
        campaigns.advance(actor=SYSTEM)
    won = [one for one in phones if marks(one)]
    assert [marks(one) for one in won] == [["prize"]]
    told = Notification.objects.filter(kind="campaign.titled")
    assert [one.recipient_id for one in told] == [won[0].account.pk]
    assert not Notification.objects.filter(kind="campaign.won").exists()
    seen = won[0].look(plays[phones.index(won[0])])
    assert "Winner" in seen
    of.refresh_from_db()
    assert all(verifier.verify(ProofFile.objects.get(campaign=of).text).values())
    assert (of.budget, of.reserved, of.spent) == (0, 0, 0)
    assert_sound()


def test_a_wheel_of_honour_falls_on_a_mark() -> None:
    of = campaign(make.shop(), "instant_draw", drive="honour", budget=0, count=1, nothing=0)
    ana = Phone(somebody())
    play = ana.begin(of)
    ana.act(play, "redeem")
    assert marks(ana) == ["prize"]
    assert "Winner" in ana.look(play)
    assert "/me/coupons" not in ana.page
    assert not CouponGrant.objects.exists()
    assert_sound()


def test_the_switch_acts_on_whatever_a_mechanic_answers() -> None:
    coupon_, mark = GiveCoupon(7, 3, "prize", "play:1", 500), Mark([7], "prize", "play:1")
    price = GivePrice(7, 1, 100, clock.now(), "prize", "play:1", 50)
    off = GiveOff([7], 1, 100, clock.now(), "prize", "play:1")
    for gain in (coupon_, price, off):
        assert by_drive("honour", gain) == [mark]
        assert by_drive("both", gain) == [gain, mark]
        assert by_drive("benefit", gain) == [gain]
    for money in (Fund(5), PayOut(7, 5, "share"), Reprice(5)):
        assert by_drive("honour", money) == []
        assert by_drive("both", money) == by_drive("benefit", money) == [money]
    assert by_drive("benefit", mark) == []
    assert by_drive("both", mark) == by_drive("honour", mark) == [mark]
    assert by_drive("honour", Move("over")) == [Move("over")]


def test_both_is_the_coupon_and_the_mark() -> None:
    of = driven(make.variant(), "coupon_pack", "both")
    ana, ben = Phone(somebody()), Phone(somebody())
    ben.act(ana.begin(of), "join")
    assert (marks(ana), marks(ben)) == (["sender"], ["opened"])
    assert CouponGrant.objects.count() == 2
    assert_sound()


def test_a_benefit_leaves_no_mark() -> None:
    of = driven(make.variant(), "bargain", "benefit")
    ana = Phone(somebody())
    play = ana.begin(of)
    for _n in range(2):
        Phone(somebody()).act(play, "help")
    assert Instance.objects.get().state == "ready"
    assert not Grant.objects.filter(kind="honour").exists()


@pytest.mark.parametrize("code", ["coupon_pack", "instant_draw", "bargain", "group_buy"])
def test_honour_with_a_benefit_is_refused_and_a_benefit_without_one_too(code: str) -> None:
    item = make.variant()
    kind = mechanics()[code]
    bare: dict[str, Any] = {"variant": item.pk} if code in {"bargain", "group_buy"} else {}
    main = kind.terms.main
    gain = coupon(item.product.shop).pk if main in kind.terms.coupon_fields else 5_000
    with pytest.raises(Invalid) as refused:
        draft(item.product.shop, code, drive="honour", **bare, **{main: gain})
    assert list(refused.value.fields) == [main]
    with pytest.raises(Invalid) as refused:
        draft(item.product.shop, code, drive="benefit", **bare)
    assert list(refused.value.fields) == [main]


def test_the_rules_of_an_honour_campaign_say_that_it_costs_nothing() -> None:
    of = driven(make.variant(), "coupon_pack", "honour")
    said = Phone(somebody()).look(f"/campaign/{of.code}/rules")
    assert "Honour: names and numbers, no goods and no money." in said
    assert "brings honour and nothing else" in said


def test_a_bargain_of_honour_leaves_the_price_and_shows_who_stands_behind_it() -> None:
    item = make.variant(price=10_000)
    of = driven(item, "bargain", "honour")
    ana, friends = Phone(somebody()), [Phone(somebody()) for _n in range(2)]
    play = ana.begin(of)
    for one in friends:
        one.act(play, "help")
    assert Instance.objects.get().state == "backed"
    assert marks(ana) == ["backed"]
    assert "2 friends stand behind it." in ana.look(play)
    assert f"/checkout?variant={item.pk}&amp;n=1" in ana.page
    assert not PriceRight.objects.exists()
    assert make.place((item, 1), buyer=ana.account).total_amount == 10_000
    assert_sound()


@pytest.mark.parametrize("people", [2, 1])
def test_a_group_of_honour_buys_at_the_usual_price_and_is_sent_either_way(people: int) -> None:
    item = make.variant(price=10_000, stock=9)
    of = driven(item, "group_buy", "honour")
    phones = [Phone(somebody()) for _n in range(people)]
    play = phones[0].begin(of)
    for one in phones[1:]:
        one.act(play, "join")
    for one in phones:
        assert make.pay(make.place((item, 1), buyer=one.account)).total_amount == 10_000
    assert waiting(OrderLine.objects.all()) == {}
    group = later(Instance.objects.get())
    assert group.state == ("completed" if people == 2 else "failed")
    assert [marks(one) for one in phones] == [["together"]] * 2 if people == 2 else [[]]
    assert not Order.objects.exclude(refunded_amount=0).exists()
    assert_sound()


def test_a_packet_of_honour_holds_words_for_who_opens_it() -> None:
    of = campaign(make.shop(), "red_packet", drive="honour", budget=0)
    ana, ben = Phone(somebody()), Phone(somebody())
    form = ana.look(f"/me/packets/new?campaign={of.code}")
    assert "How much in all" not in form
    answer = ana.browser.post(
        "/me/packets/new", {"campaign": of.code, "count": "2", "wish": "Long life", "key": "k"}
    )
    play = str(answer["Location"])
    assert "Long life" not in ben.look(play)
    ben.act(play, "join")
    assert "Long life" in ben.look(play)
    assert "Blessed" in ben.page
    assert marks(ben) == ["blessed"]
    assert not Journal.objects.exists()
    assert later(Instance.objects.get()).state == "returned"
    assert_sound()


def test_a_sale_of_honour_is_an_early_place_at_the_usual_price() -> None:
    item = make.variant(price=10_000, stock=9)
    of = campaign(
        item.product.shop, "flash_sale", drive="honour", budget=0, variant=item.pk, public=5
    )
    assert SaleItem.objects.get(sale_id=int(of.public["sale"])).amount == 10_000
    assert of.version is not None
    assert facts_of(mechanics()["flash_sale"], of, of.version).price is None


BARE: dict[str, dict[str, Any]] = {
    "bargain": {"people": 2},
    "group_buy": {"people": 2},
    "flash_sale": {"public": 5},
}


@pytest.mark.parametrize("code", list(mechanics()))
def test_for_honour_each_passes_the_rules_of_every_market_and_costs_nothing(code: str) -> None:
    item = make.variant(stock=9)
    terms = BARE.get(code, {}) | ({"variant": item.pk} if code in BARE else {})
    kind, shop = mechanics()[code], item.product.shop
    for market in MARKETS:
        made = draft(shop, code, drive="honour", market=market, budget=0, **terms)
        assert made.version is not None
        assert not report_of(kind, made, made.version).blocks
        assert facts_of(kind, made, made.version).price is None
        assert kind.cost(kind.terms.model_validate(made.version.terms)) == 0
    if not kind.entry_url(made) and code != "flash_sale":
        steps = campaigns.preview_campaign(actor=make.actor(shop.owner), campaign_id=made.pk)
        assert [one.refused for one in steps if one.refused and "checkout" not in one.refused] == []
    page = Client()
    page.force_login(shop.owner)
    told = page.get(f"/studio/{shop.slug}/campaigns/{made.pk}").content.decode()
    assert escape(str(kind.in_honour)) in told
    assert "It gives honour and costs nothing." in told
