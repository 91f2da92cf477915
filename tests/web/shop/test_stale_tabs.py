"""Double clicks, stale tabs and the Back button around paying: a clear page, one charge."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from banyan.catalog.models import Variant
from banyan.entitlements import actions as coupons
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.orders import actions as orders
from banyan.orders.models import CartItem, Checkout
from banyan.payments.models import Attempt, Intent, Refund
from banyan.payments.rules import LAST_WORD
from tests.payments.fixtures import sandbox, sandbox_process
from tests.support import factories as make
from tests.support.recount import recount
from tests.support.sandbox import Sandbox
from tests.support.threads import run_concurrently

__all__ = ["sandbox", "sandbox_process"]
ONE_THREAD = pytest.mark.django_db
CSRF_FREE = {"HTTP_ORIGIN": "http://testserver"}


def form_of(client: Client, url: str) -> dict[str, str]:
    """Open the checkout and return its form, filled in by a guest."""
    page = client.get(url)
    assert page.status_code == 200, page
    return fields(page) | make.ADDRESS | {"email": "cy@example.com"}


def fields(page: Any) -> dict[str, str]:
    found = re.findall(
        r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.content.decode()
    )
    return {name: unescape(value) for name, value in found}


def buy_now(item: Variant, n: int = 1) -> str:
    return f"{reverse('checkout')}?variant={item.pk}&n={n}"


def put_into_cart(client: Client, item: Variant, n: int = 1) -> None:
    values = {"variant": str(item.pk), "n": str(n)}
    answer = client.post(reverse("cart_add"), values, headers={"sec-fetch-site": "same-origin"})
    assert answer.status_code == 302


def pay_at_gateway(sandbox: Sandbox, checkout: Checkout) -> str:
    """Pay at the gateway, which tells us nothing, and return the address to come back to."""
    intent = Intent.objects.get(pk=checkout.intent_id or 0)
    back = sandbox.pay(intent.provider_ref, "never")
    return back.removeprefix("http://testserver")


def charged(sandbox: Sandbox) -> list[int]:
    """Return what the gateway really took, by payment of ours."""
    refs = Attempt.objects.exclude(provider_ref="").values_list("provider_ref", flat=True)
    taken = [sandbox.api.payment({"id": ref})["captured"] for ref in refs]
    return [amount for amount in taken if amount]


@ONE_THREAD
def test_the_pay_button_clicked_twice_is_one_order_and_the_same_page(sandbox: Sandbox) -> None:
    client, item = Client(), make.variant(stock=5)
    form = form_of(client, buy_now(item))
    first, second = (client.post("/checkout", form) for _ in range(2))
    assert first.status_code == second.status_code == 302
    assert first["location"] == second["location"]
    assert Checkout.objects.count() == Attempt.objects.count() == 1


@ONE_THREAD
def test_a_cart_sent_twice_leads_to_payment_twice_not_to_an_empty_cart(sandbox: Sandbox) -> None:
    client, item = Client(), make.variant(stock=5)
    put_into_cart(client, item, 2)
    form = form_of(client, reverse("checkout"))
    first = client.post("/checkout", form)
    assert not CartItem.objects.exists()
    second = client.post("/checkout", form)
    assert (second.status_code, second["location"]) == (302, first["location"])
    assert Checkout.objects.count() == 1


@pytest.mark.usefixtures("threaded_db")
@pytest.mark.parametrize("way", ["cart", "buy now"])
def test_the_pay_button_clicked_by_many_hands_at_once_is_one_order(
    sandbox: Sandbox, way: str
) -> None:
    client, item = Client(), make.variant(stock=9)
    if way == "cart":
        put_into_cart(client, item, 2)
    form = form_of(client, reverse("checkout") if way == "cart" else buy_now(item, 2))
    form |= {} if way == "cart" else {"n": "2"}
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}

    def click() -> tuple[int, str]:
        tab = Client()
        tab.cookies.load(cookies)
        answer = tab.post("/checkout", form)
        said = re.findall(r'class="notice[^>]*>(.*?)</', answer.content.decode(), re.S)
        return answer.status_code, answer.get("location", "") or str(said)

    answers = run_concurrently(click, 5)

    assert len(set(answers)) == 1, answers
    assert answers[0][0] == 302, answers
    assert "/pay/" in answers[0][1]
    assert Checkout.objects.count() == Intent.objects.count() == Attempt.objects.count() == 1
    assert make.stock_of(item).reserved == 2
    assert recount() == {}


@ONE_THREAD
def test_burned_09_a_used_form_with_other_content_is_refused_and_orders_nothing(
    sandbox: Sandbox,
) -> None:
    client, item = Client(), make.variant(stock=9)
    form = form_of(client, buy_now(item))
    client.post("/checkout", form)
    first = Checkout.objects.get()
    for change in ({"n": "3"}, {"street": "Elsewhere 2"}, {"email": "di@example.com"}):
        answer = client.post("/checkout", form | change)
        text = answer.content.decode()
        assert answer.status_code == 422
        assert "Nothing new was ordered" in text
        assert reverse("purchase", args=[first.access_token]) in text
        assert next(iter(change.values())) in text, "what was typed is kept"
    assert Checkout.objects.get() == first
    # The refused form carries a new token: sent again, it means what it says now.
    again = client.post(
        "/checkout",
        form | {"n": "3", "token": fields(answer)["token"]} | {"agreed": fields(answer)["agreed"]},
    )
    assert again.status_code in {302, 409}
    assert make.stock_of(item).reserved in {1, 4}


@ONE_THREAD
def test_burned_09_a_used_cart_form_with_other_content_leads_to_its_order(
    sandbox: Sandbox,
) -> None:
    client, item = Client(), make.variant(stock=9)
    put_into_cart(client, item)
    form = form_of(client, reverse("checkout"))
    client.post("/checkout", form)
    answer = client.post("/checkout", form | {"street": "Elsewhere 2"}, follow=True)
    assert "Nothing new was ordered" in answer.content.decode()
    assert Checkout.objects.get().number in answer.content.decode()
    assert Checkout.objects.get().address["street"] != "Elsewhere 2"


@ONE_THREAD
def test_two_tabs_pay_one_checkout_and_one_charge_is_made(sandbox: Sandbox) -> None:
    client, item = Client(), make.variant(stock=2)
    client.post("/checkout", form_of(client, buy_now(item)))
    checkout = Checkout.objects.get()
    page = reverse("purchase", args=[checkout.access_token])
    pay = reverse("purchase_pay", args=[checkout.access_token])
    assert client.get(page).status_code == 200
    tabs = [client.post(pay)["location"] for _ in range(2)]
    assert len(set(tabs)) == 1

    back = pay_at_gateway(sandbox, checkout)
    assert client.get(back)["location"] == page
    # The other tab pays too: the gateway's page says it is paid and leads back.
    assert client.get(pay_at_gateway(sandbox, checkout))["location"] == page
    stale = client.post(pay)
    assert (stale.status_code, stale["location"]) == (302, page)
    assert "Thank you. It is paid." in client.get(page).content.decode()
    assert charged(sandbox) == [checkout.total_amount]
    assert not Refund.objects.exists()
    assert recount() == {}


@ONE_THREAD
def test_back_after_paying_and_pay_again_shows_the_paid_order(sandbox: Sandbox) -> None:
    client, item = Client(), make.variant(stock=2)
    form = form_of(client, buy_now(item))
    client.post("/checkout", form)
    checkout = Checkout.objects.get()
    client.get(pay_at_gateway(sandbox, checkout))

    again = client.post("/checkout", form, follow=True)

    assert "Thank you. It is paid." in again.content.decode()
    assert Checkout.objects.count() == 1
    assert charged(sandbox) == [checkout.total_amount]


@ONE_THREAD
def test_a_cart_changed_in_another_tab_must_be_agreed_to_again(sandbox: Sandbox) -> None:
    client, item, other = Client(), make.variant(stock=5), make.variant(price=2_000)
    put_into_cart(client, item)
    form = form_of(client, reverse("checkout"))
    put_into_cart(client, other)

    answer = client.post("/checkout", form)

    text = answer.content.decode()
    assert answer.status_code == 409
    assert "The price has changed" in text
    assert "cy@example.com" in text, "what was typed is kept"
    assert not Checkout.objects.exists()
    agreed = form | {"agreed": fields(answer)["agreed"], "token": fields(answer)["token"]}
    assert client.post("/checkout", agreed).status_code == 302
    assert Checkout.objects.get().goods_amount == 12_000


@ONE_THREAD
def test_a_coupon_used_up_in_between_is_named_and_nothing_is_ordered(sandbox: Sandbox) -> None:
    shop = make.shop()
    client, item = Client(), make.variant(shop, stock=5)
    coupons.create_coupon(
        actor=make.actor(shop.owner), shop_id=shop.pk, title="C", code="ONCE", amount_off=1_000
    )
    form = form_of(client, buy_now(item)) | {"coupon": "ONCE"}
    form["agreed"] = fields(client.post("/checkout", form | {"again": "coupon"}))["agreed"]
    make.place((item, 1), coupon="ONCE")

    answer = client.post("/checkout", form)

    assert answer.status_code == 409
    assert "This coupon has been used up." in answer.content.decode()
    assert Checkout.objects.count() == 1
    assert make.stock_of(item).reserved == 1


@ONE_THREAD
@pytest.mark.parametrize("swept", [True, False], ids=["after the sweep", "before the sweep"])
def test_paying_after_the_reservation_ran_out_says_so_and_charges_nothing(
    sandbox: Sandbox, swept: bool
) -> None:
    client, item = Client(), make.variant(stock=2)
    form = form_of(client, buy_now(item))
    client.post("/checkout", form)
    checkout = Checkout.objects.get()
    page = reverse("purchase", args=[checkout.access_token])
    with clock.at(checkout.expires_at):
        if swept:
            orders.expire_due(actor=Actor.system("test"))
        for answer in (
            client.post(reverse("purchase_pay", args=[checkout.access_token]), follow=True),
            client.post("/checkout", form, follow=True),
        ):
            assert answer.redirect_chain == [(page, 302)]
            assert "Expired, nothing was charged" in answer.content.decode()
    assert make.stock_of(item).reserved == 0
    assert charged(sandbox) == []
    assert recount() == {}


@ONE_THREAD
def test_pressing_pay_too_late_for_what_was_paid_in_time_leads_to_the_paid_order(
    sandbox: Sandbox,
) -> None:
    client, item = Client(), make.variant(stock=2)
    client.post("/checkout", form_of(client, buy_now(item)))
    checkout = Checkout.objects.get()
    pay_at_gateway(sandbox, checkout)
    with clock.at(checkout.expires_at):
        pay = reverse("purchase_pay", args=[checkout.access_token])
        page = client.post(pay, follow=True).content.decode()
    checkout.refresh_from_db()
    assert checkout.state == "paid"
    assert "time to pay has passed" not in page
    assert recount() == {}


@ONE_THREAD
def test_paying_at_the_gateway_after_the_reservation_ran_out_is_sent_back(
    sandbox: Sandbox,
) -> None:
    client, item = Client(), make.variant(stock=2)
    client.post("/checkout", form_of(client, buy_now(item)))
    checkout = Checkout.objects.get()
    with clock.at(checkout.expires_at + LAST_WORD):
        orders.expire_due(actor=Actor.system("test"))
        back = pay_at_gateway(sandbox, checkout)
        answer = client.get(back, follow=True)
    page = answer.content.decode()
    assert "It is sent back in full." in page
    assert "othing was charged" not in page
    assert Refund.objects.get().amount == checkout.total_amount
    assert recount() == {}


@ONE_THREAD
def test_a_gateway_that_is_away_leaves_the_order_and_the_way_to_pay_it(
    sandbox: Sandbox, settings: Any
) -> None:
    client, item = Client(), make.variant(stock=2)
    form = form_of(client, buy_now(item))
    away = settings.SANDBOX_URL
    settings.SANDBOX_URL = "http://127.0.0.1:9"
    answer = client.post("/checkout", form, follow=True)
    checkout = Checkout.objects.get()
    page = reverse("purchase", args=[checkout.access_token])
    assert answer.redirect_chain == [(page, 302)]
    assert "does not answer right now" in answer.content.decode()
    settings.SANDBOX_URL = away
    pay = client.post(reverse("purchase_pay", args=[checkout.access_token]))
    assert "/pay/" in pay["location"]


@ONE_THREAD
@pytest.mark.parametrize("way", ["cart", "buy now"])
def test_a_fresh_form_for_the_same_goods_goes_on_with_the_order_that_waits(
    sandbox: Sandbox, way: str
) -> None:
    client, item = Client(), make.variant(stock=9)
    url = reverse("checkout") if way == "cart" else buy_now(item, 2)
    if way == "cart":
        put_into_cart(client, item, 2)
    form = form_of(client, url) | ({} if way == "cart" else {"n": "2"})
    client.post("/checkout", form)  # the answer is lost on the way
    first = Checkout.objects.get()

    if way == "cart":
        put_into_cart(client, item, 2)
    page = client.get(url)
    told = page.content.decode()
    assert f"Order {first.number} holds exactly these goods" in told
    assert f"until {first.expires_at:%H:%M} UTC." in told
    assert reverse("purchase", args=[first.access_token]) in told
    again = client.post("/checkout", form | fields(page))

    assert again.status_code == 302
    assert "/pay/" in again["location"]
    assert Checkout.objects.get() == first
    assert make.stock_of(item).reserved == 2
    assert not CartItem.objects.exists(), "what was put in for that order again is not left over"


@ONE_THREAD
def test_two_tabs_opened_for_the_same_goods_make_one_order_and_others_make_their_own(
    sandbox: Sandbox,
) -> None:
    client, item = Client(), make.variant(stock=9)
    client.get(reverse("checkout") + f"?variant={item.pk}")
    tabs = [form_of(client, buy_now(item)) for _ in range(2)]
    assert tabs[0]["token"] == tabs[1]["token"]
    for tab in tabs:
        assert client.post("/checkout", tab).status_code == 302
    assert Checkout.objects.count() == 1

    other = Client()
    assert form_of(other, buy_now(item))["token"] != tabs[0]["token"]
    assert "holds exactly these goods" not in other.get(buy_now(item)).content.decode()
    assert form_of(client, buy_now(item, 2))["token"] != tabs[0]["token"]
    assert "holds exactly these goods" not in client.get(buy_now(item, 2)).content.decode()


@ONE_THREAD
@pytest.mark.parametrize("end", ["paid", "run out", "cancelled"])
def test_once_the_order_has_ended_the_same_goods_are_a_new_order(
    sandbox: Sandbox, end: str
) -> None:
    client, item = Client(), make.variant(stock=9)
    form = form_of(client, buy_now(item))
    client.post("/checkout", form)
    first = Checkout.objects.get()
    moment = clock.now()
    if end == "paid":
        client.get(pay_at_gateway(sandbox, first))
    elif end == "cancelled":
        client.post(reverse("purchase_cancel", args=[first.access_token]))
    else:
        moment = first.expires_at
    with clock.at(moment):
        again = form_of(client, buy_now(item))
        assert again["token"] != form["token"]
        assert "holds exactly these goods" not in client.get(buy_now(item)).content.decode()
        assert client.post("/checkout", again).status_code == 302
    assert Checkout.objects.count() == 2


@ONE_THREAD
def test_a_quantity_changed_in_the_form_is_found_again_by_what_was_bought(
    sandbox: Sandbox,
) -> None:
    client, item = Client(), make.variant(stock=9)
    form = form_of(client, buy_now(item)) | {"n": "3"}
    form["agreed"] = fields(client.post("/checkout", form | {"again": "coupon"}))["agreed"]
    client.post("/checkout", form)
    first = Checkout.objects.get()
    assert first.number in client.get(buy_now(item, 3)).content.decode()
    one = client.get(buy_now(item))
    assert first.number not in one.content.decode()
    assert fields(one)["token"] != form["token"]
    assert client.post("/checkout", form | fields(one) | {"n": "1"}).status_code == 302
    assert make.stock_of(item).reserved == 4


@ONE_THREAD
def test_a_member_goes_on_with_the_order_from_another_browser(sandbox: Sandbox) -> None:
    member, item = make.member(), make.variant(stock=9)
    phone, desk = Client(), Client()
    for browser in (phone, desk):
        browser.force_login(member)
    phone.post("/checkout", form_of(phone, buy_now(item)))
    first = Checkout.objects.get()
    assert first.number in desk.get(buy_now(item)).content.decode()
    stranger = Client()
    stranger.force_login(make.member())
    assert first.number not in stranger.get(buy_now(item)).content.decode()


@ONE_THREAD
def test_who_was_told_of_the_waiting_order_may_order_something_else_all_the_same(
    sandbox: Sandbox,
) -> None:
    client, item = Client(), make.variant(stock=9)
    client.post("/checkout", form_of(client, buy_now(item)))
    elsewhere = form_of(client, buy_now(item)) | {"street": "Elsewhere 2"}
    told = client.post("/checkout", elsewhere)
    assert told.status_code == 422
    assert "Nothing new was ordered" in told.content.decode()
    assert Checkout.objects.count() == 1
    assert client.post("/checkout", elsewhere | fields(told)).status_code == 302
    assert Checkout.objects.count() == 2
