"""Row 27, a: coupons that a member holds are there at checkout, in the combination that saves most.

Everything a buyer does here is done over HTTP; coupons come into hands by what merchants do.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from banyan.catalog.models import Shop, Variant
from banyan.entitlements import actions as coupons
from banyan.entitlements.models import Coupon, Grant, Redemption
from banyan.kernel import clock
from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.models import Checkout
from banyan.orders.rules import Agreement
from banyan.payments.models import Intent
from banyan.people.models import Account
from tests.support import factories as make
from tests.support.recount import recount
from tests.support.sandbox import Sandbox
from tests.support.walkers import payment_ref

pytestmark = pytest.mark.django_db
PRICE, SHIPPING = 10_000, 1_000
FREE = [{"code": "free_shipping"}]


class Buyer:
    """A signed-in member's browser in front of the checkout."""

    def __init__(self, account: Account, item: Variant) -> None:
        self.account = account
        self.item = item
        self.browser = Client()
        self.browser.force_login(account)
        self.page = ""

    def look(self) -> dict[str, str]:
        """Open the checkout and return its form, filled in."""
        answer = self.browser.get(f"/checkout?variant={self.item.pk}&n=1")
        assert answer.status_code == 200
        return self._read(answer)

    def press(self, form: dict[str, str], act: str) -> dict[str, str]:
        """Press a button of the form that only prices again."""
        answer = self.browser.post("/checkout", form | {"again": act})
        assert answer.status_code == 200
        return self._read(answer) | {k: v for k, v in form.items() if k == "coupon"}

    def order(self, form: dict[str, str]) -> Any:
        """Press "Pay"."""
        answer = self.browser.post("/checkout", form)
        if answer.status_code != 302:
            self._read(answer)
        return answer

    def _read(self, answer: Any) -> dict[str, str]:
        self.page = answer.content.decode()
        found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', self.page)
        form = {name: unescape(value) for name, value in found}
        return form | make.ADDRESS | {"email": "cy@example.com", "n": "1"}

    def act_of(self, title: str, word: str) -> str:
        """Return the value of the button ``word`` that stands by a coupon's title."""
        button = re.compile(r'name="again" value="([^"]+)"[^>]*>(.*?)</button>', re.DOTALL)
        buttons: list[tuple[str, str]] = button.findall(self.page)
        for value, label in buttons:
            if title in label and word in label:
                return value
        raise AssertionError(f"no button {word} for {title}")


class Scene:
    """A shop with shipping, a member who holds three of its coupons: 10 %, 15.00 off, shipping."""

    def __init__(self) -> None:
        self.shop = make.shop(shipping_amount=SHIPPING)
        self.item = make.variant(self.shop, price=PRICE, stock=20)
        self.member = make.member()
        self.rows = [
            self.give("Ten percent", percent_bps=1_000),
            self.give("Fifteen off", amount_off=1_500),
            self.give("No shipping", benefits=FREE, stacking="shipping"),
        ]

    def give(self, title: str, *, shop: Shop | None = None, **terms: Any) -> Coupon:
        """Make a coupon of members and let the member take one."""
        shop = shop or self.shop
        code = title.replace(" ", "-").upper()
        made = coupons.create_coupon(
            actor=make.actor(shop.owner),
            shop_id=shop.pk,
            title=title,
            code=code,
            reach="claim",
            cap=10,
            **terms,
        )
        coupons.claim_coupon(actor=make.actor(self.member), code=code)
        return made

    def buyer(self) -> Buyer:
        return Buyer(self.member, self.item)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def total(form: dict[str, str]) -> int:
    """Return what the form says that is to be paid."""
    return Agreement.read(form["agreed"]).total


def used_titles(page: str) -> list[str]:
    """Return the titles of the coupons that the page says are used, from their buttons."""
    return re.findall(r'value="off:\d+"[^>]*>[^<]*<span class="vh"> ([^<]+)</span>', page)


def alternatives(buyer: Buyer) -> list[int]:
    """Return what each single coupon and each pair would cost, asked of the page itself."""
    form = buyer.look()
    held = {str(g.pk) for g in Grant.objects.filter(account=buyer.account, state="held")}
    totals = []
    for n in range(3):
        for some in itertools.combinations(sorted(held), n):
            off = ",".join(sorted(held - set(some)))
            totals.append(total(buyer.press(form | {"off": off}, "n")))
    return totals


def test_row_27_a_the_best_legal_set_is_there_explained_and_charged(
    scene: Scene, sandbox: Sandbox
) -> None:
    buyer = scene.buyer()

    form = buyer.look()

    # 15.00 beats ten percent of 100.00, and free shipping goes with it.
    assert total(form) == PRICE - 1_500
    assert sorted(used_titles(buyer.page)) == ["Fifteen off", "No shipping"]
    assert "CN¥15.00 off" in buyer.page
    assert "paid for by the shop" in buyer.page
    assert "Other coupons save more, and this one does not go with them." in buyer.page
    assert "CN¥25.00 less" in buyer.page
    assert total(form) <= min(alternatives(scene.buyer()))

    answer = buyer.order(form)
    sandbox.pay(payment_ref(answer["location"]))

    checkout = Checkout.objects.get()
    buyer.browser.get(f"/o/{checkout.access_token}?payment=x&status=succeeded")
    checkout.refresh_from_db()
    assert (checkout.state, checkout.total_amount) == ("paid", total(form))
    intent = Intent.objects.get()
    assert (intent.state, intent.captured_amount) == ("captured", total(form))
    states = dict(Grant.objects.values_list("coupon__title", "state"))
    assert states == {"Ten percent": "held", "Fifteen off": "redeemed", "No shipping": "redeemed"}
    told = buyer.browser.get(f"/o/{checkout.access_token}").content.decode()
    assert "Fifteen off" in told
    assert recount() == {}
    assert verify().clean


def test_row_27_a_the_buyer_takes_one_off_and_chooses_another(scene: Scene) -> None:
    buyer = scene.buyer()
    form = buyer.look()

    form = buyer.press(form, buyer.act_of("No shipping", "Take off"))
    assert total(form) == PRICE - 1_500 + SHIPPING
    assert "You have taken it off." in buyer.page
    form = buyer.press(form, buyer.act_of("Ten percent", "Use instead"))
    assert total(form) == PRICE - 1_000 + SHIPPING
    form = buyer.press(form, buyer.act_of("No shipping", "Use again"))
    assert total(form) == PRICE - 1_000
    assert sorted(used_titles(buyer.page)) == ["No shipping", "Ten percent"]

    assert buyer.order(form).status_code == 302
    assert Checkout.objects.get().total_amount == PRICE - 1_000


def test_row_27_a_what_is_missing_is_said_in_money(scene: Scene) -> None:
    scene.give("Large order", amount_off=9_000, min_spend=PRICE + 2_000)
    buyer = scene.buyer()

    buyer.look()

    assert "Needs CN¥20.00 more." in buyer.page
    assert "Large order" not in used_titles(buyer.page)


def test_row_27_a_another_tab_has_used_one_in_between(scene: Scene) -> None:
    first = scene.buyer()
    second = Buyer(scene.member, make.variant(scene.shop, price=PRICE))
    stale, quick = first.look(), second.look()
    assert second.order(quick).status_code == 302

    refused = first.order(stale)

    # Nothing was ordered at another price: the page shows the new one and waits for a yes.
    assert refused.status_code == 409
    assert Checkout.objects.count() == 1
    assert used_titles(first.page) == ["Ten percent"]
    assert "held by an order that waits for payment" in first.page
    form = first._read(refused)
    assert total(form) == PRICE - 1_000 + SHIPPING
    assert first.order(form).status_code == 302
    assert Redemption.objects.filter(state="reserved").count() == 3
    assert recount() == {}


def test_row_27_a_a_coupon_runs_out_at_the_instant(scene: Scene) -> None:
    ends = clock.now() + dt.timedelta(minutes=5)
    scene.give("Half", percent_bps=5_000, ends_at=ends)
    buyer = scene.buyer()
    with clock.at(ends - dt.timedelta(microseconds=1)):
        form = buyer.look()
        assert total(form) == PRICE // 2

    with clock.at(ends):
        refused = buyer.order(form)

    assert refused.status_code == 409
    assert not Checkout.objects.exists()
    assert "This coupon is not valid now." in buyer.page
    assert used_titles(buyer.page)[0] == "Fifteen off"


def test_row_27_a_a_code_of_another_shop_is_named_and_changes_nothing(scene: Scene) -> None:
    other = make.shop()
    scene.give("Elsewhere", shop=other, amount_off=9_999)
    buyer = scene.buyer()
    form = buyer.look()

    priced = buyer.press(form | {"coupon": "ELSEWHERE"}, "coupon")

    assert priced["agreed"] == form["agreed"]
    assert "This coupon is for other goods." in buyer.page
    refused = buyer.order(form | {"coupon": "ELSEWHERE"})
    assert refused.status_code == 409
    assert not Checkout.objects.exists()


def test_row_27_a_what_was_not_paid_for_comes_back_with_a_day_to_live(scene: Scene) -> None:
    ends = clock.now() + dt.timedelta(minutes=10)
    Grant.objects.filter(coupon__title="Fifteen off").update(expires_at=ends)
    buyer = scene.buyer()
    assert buyer.order(buyer.look()).status_code == 302
    checkout = Checkout.objects.get()
    over = checkout.expires_at

    with clock.at(over):
        orders.expire_due(actor=make.actor(make.staff("support")))
        grant = Grant.objects.get(coupon__title="Fifteen off")
        assert grant.state == "held"
        assert grant.expires_at == over + dt.timedelta(hours=24)
        assert total(buyer.look()) == PRICE - 1_500
        mine = buyer.browser.get("/me/coupons").content.decode()
    assert "Fifteen off" in mine
    assert recount() == {}


def test_row_27_a_somebody_elses_coupons_stay_theirs(scene: Scene) -> None:
    stranger = Buyer(make.member(), scene.item)

    form = stranger.look()

    assert total(form) == PRICE + SHIPPING
    assert "Fifteen off" not in stranger.page
    mine = ",".join(str(one.pk) for one in Grant.objects.all())
    tampered = stranger.press(form, f"use:{mine}:")
    assert tampered["agreed"] == form["agreed"]
    assert "Fifteen off" not in stranger.browser.get("/me/coupons").content.decode()
