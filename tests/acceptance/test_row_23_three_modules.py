"""Row 23: one way of spreading, and where it ends is swapped by configuration alone.

Everything people do here is done over HTTP.
"""

from __future__ import annotations

from typing import Any

import pytest

from banyan.campaigns.mechanic import mechanics
from banyan.campaigns.models import Campaign, Instance
from banyan.campaigns.outcomes import outcome_of
from banyan.campaigns.queries import funnel_of
from banyan.catalog.models import Variant
from banyan.kernel.problems import Invalid
from banyan.ledger.proof import verify
from tests.campaigns.phones import Phone
from tests.campaigns.scene import assert_sound, campaign, coupon, draft, later, somebody
from tests.support import factories as make
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db
USUAL, PRICE = 10_000, 8_000

REWARDS = ("coupon_pack", "like_collection", "assist_draw", "referral")
BOUGHT = ("bargain", "group_buy")
TERMS: dict[str, dict[str, Any]] = {
    "coupon_pack": {"places": 2, "sender": -1},
    "like_collection": {"likes": 1},
    "assist_draw": {"helpers": 1},
    "referral": {"most": 2},
    "bargain": {"people": 1, "floor": PRICE},
    "group_buy": {"people": 2, "price": PRICE, "hours": 2},
}


def ending(item: Variant, code: str, landing: str, **more: Any) -> Campaign:
    """Publish a campaign of which only the landing, and what it needs, differs."""
    shop, terms = item.product.shop, dict(TERMS[code])
    if code in BOUGHT:
        terms["variant"] = item.pk
    elif landing == "coupon":
        main = mechanics()[code].terms.main
        terms[main] = coupon(shop, amount_off=USUAL - PRICE).pk
    else:
        terms |= {"variant": item.pk, "price": PRICE}
    return campaign(shop, code, landing=landing, **terms, **more)


def gains(of: Campaign, code: str) -> tuple[Phone, str]:
    """Let it be played over HTTP; return who gains by it, and where their last press led."""
    ana, ben = Phone(somebody()), Phone(somebody())
    play = ana.begin(of)
    if code in {"coupon_pack", "referral"}:
        return ben, ben.act(play, "join")
    if code == "group_buy":
        if of.landing != "direct":
            ben.act(play, "join")  # nobody pays; the last one in completes it
        return ana, play  # who begins it takes the first place, which waits for its payment
    ben.act(play, "help")
    if code == "assist_draw":
        later(Instance.objects.get(campaign=of))
    if code in {"like_collection", "assist_draw"}:
        return ana, ana.act(play, "redeem")
    return ana, play


@pytest.mark.parametrize("landing", ["coupon", "right", "direct"])
@pytest.mark.parametrize("code", REWARDS)
def test_row_23_every_way_of_spreading_ends_in_every_landing(
    code: str, landing: str, sandbox: Sandbox
) -> None:
    item = make.variant(price=USUAL, stock=9)
    of = ending(item, code, landing)

    who, led = gains(of, code)

    checkout = f"/checkout?variant={item.pk}&n=1"
    assert led.startswith("/checkout" if landing == "direct" else "/play/")
    if landing != "coupon":
        assert checkout.replace("&", "&amp;") in who.look("/me/coupons"), "it is theirs to use"
    assert who.buy(checkout, sandbox) == PRICE, "applied by itself"
    funnel, outcome = funnel_of(of), outcome_of(of)
    assert (funnel.begun, outcome.rewarded, outcome.used, outcome.paid.amount) == (1, 1, 1, PRICE)
    assert funnel.granted == USUAL - PRICE, "the same promise, the same cost"
    assert_sound()
    assert verify().drifts == ()


@pytest.mark.parametrize("landing", ["coupon", "right", "direct"])
@pytest.mark.parametrize("code", BOUGHT)
def test_row_23_what_is_bought_together_keeps_its_price_as_the_right(
    code: str, landing: str, sandbox: Sandbox
) -> None:
    item = make.variant(price=USUAL, stock=9)
    of = ending(item, code, landing)

    who, _led = gains(of, code)

    assert who.buy(f"/checkout?variant={item.pk}&n=1", sandbox) == PRICE
    everybody = code == "group_buy" and landing != "direct"
    assert (outcome_of(of).rewarded, outcome_of(of).used) == (2 if everybody else 1, 1)
    assert_sound()


@pytest.mark.parametrize("code", ["flash_sale", "red_packet"])
def test_row_23_what_cannot_end_in_a_coupon_says_so(code: str) -> None:
    shop = make.shop()
    item = make.variant(shop)
    terms: dict[str, Any] = {"variant": item.pk, "price": PRICE}
    if code in BOUGHT:
        terms = {"variant": item.pk, **TERMS[code]}
    elif code == "red_packet":
        terms = {}
    with pytest.raises(Invalid) as refused:
        draft(shop, code, landing="coupon", **terms)
    assert "landing" in refused.value.fields
    assert not Campaign.objects.exists()


@pytest.mark.parametrize(
    ("landing", "drive", "given", "wrong"),
    [
        ("coupon", "benefit", {}, "coupon"),
        ("coupon", "benefit", {"coupon": 1, "variant": 1}, "variant"),
        ("right", "benefit", {"coupon": 1, "variant": 1}, "coupon"),
        ("right", "both", {}, "variant"),
        ("direct", "benefit", {"variant": 1, "price": USUAL}, "price"),
        ("coupon", "honour", {"coupon": 1}, "coupon"),
        ("direct", "honour", {"variant": 1}, "variant"),
    ],
)
def test_row_23_terms_that_do_not_agree_are_refused_by_their_field(
    landing: str, drive: str, given: dict[str, int], wrong: str
) -> None:
    item = make.variant(price=USUAL)
    terms = dict(given)
    if "coupon" in terms:
        terms["coupon"] = coupon(item.product.shop).pk
    if "variant" in terms:
        terms["variant"] = item.pk
    with pytest.raises(Invalid) as refused:
        draft(item.product.shop, "like_collection", landing=landing, drive=drive, **terms)
    assert list(refused.value.fields) == [wrong]


def test_row_23_a_price_is_never_promised_beyond_the_budget() -> None:
    item = make.variant(price=USUAL)
    of = ending(item, "coupon_pack", "right", budget=2 * (USUAL - PRICE))
    Phone(somebody()).begin(of)
    late = Phone(somebody())
    assert late.press(f"/campaign/{of.code}/begin") == f"/campaign/{of.code}"
    assert Instance.objects.filter(campaign=of).count() == 1
    of.refresh_from_db()
    assert of.reserved == of.budget
    assert_sound()
