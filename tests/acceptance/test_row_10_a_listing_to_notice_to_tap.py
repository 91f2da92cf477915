"""Row 10, first part: a member lists, who asked for it is told within the cap, one tap buys."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from banyan.groups import actions as groups
from banyan.groups.models import Membership, Notice, Offer
from banyan.groups.queries import Figures, figures_of
from banyan.kernel import clock
from banyan.notify.models import Notification
from banyan.orders.models import Checkout, Order, OrderLine
from banyan.people import actions as people
from banyan.people.models import Account
from banyan.sharing.models import Touch
from tests.groups import circles
from tests.support import factories as make
from tests.support.sandbox import Sandbox
from tests.support.walkers import payment_ref

pytestmark = pytest.mark.django_db
CROWD = 10_000


def crowd(circle: Any, n: int) -> None:
    """Let ``n`` members be there who asked for offers: rows alone, joining has its own tests."""
    now = clock.now()
    accounts = Account.objects.bulk_create(
        [Account(handle=f"crowd{i}", display_name=f"Crowd {i}", created_at=now) for i in range(n)],
        batch_size=2000,
    )
    Membership.objects.bulk_create(
        [
            Membership(group=circle, account=account, wants_offers=True, created_at=now)
            for account in accounts
        ],
        batch_size=2000,
    )
    type(circle).objects.filter(pk=circle.pk).update(members=circle.members + n)


def browser(account: Account | None = None) -> Client:
    client = Client()
    if account is not None:
        client.force_login(account)
    return client


def filled_in(page: str) -> dict[str, str]:
    """Return what the checkout's form sends when nothing is typed and Pay is pressed."""
    fields: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]+>", page):
        given = {key: unescape(value) for key, value in re.findall(r'(\w+)="([^"]*)"', tag)}
        if given.get("type") in {"radio", "checkbox"} and " checked" not in tag:
            continue
        if "name" in given and given.get("type") != "search":
            fields[given["name"]] = given.get("value", "")
    for name, options in re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        if chosen:
            fields[name] = chosen.group(1)
    return fields


def listed(client: Client, circle: Any, product_id: int) -> Offer:
    answer = client.post(f"/g/{circle.slug}/shop/offer", {"product": str(product_id)})
    assert answer.status_code == 302
    return Offer.objects.get(product_id=product_id)


def test_row_10_a_a_listing_tells_each_who_asked_once_a_day_and_a_tap_buys(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a community of 10,000 who asked for offers, one notice a day at most
    ana, ben = make.member("ana"), make.member("ben", email="ben@example.com")
    circle = circles.group(ana, name="Pens", slug="pens", offer_cap=1, offer_days=1)
    crowd(circle, CROWD)
    circles.joined(circle, ben, wants_offers=True)
    asleep = circles.joined(circle)
    apart = circles.joined(circle, wants_offers=True)
    people.block(actor=make.actor(apart), account_id=ana.pk)
    # and one of them has bought before
    make.pay(make.place((make.variant(), 1), buyer=ben))
    seller = make.shop(ana)
    first, second = (make.product(seller, price=4_200, stock=5) for _ in range(2))

    # when a member lists an item
    offer = listed(browser(ana), circle, first.pk)
    assert groups.tell_offers() >= CROWD // 500
    assert groups.tell_offers() == 0

    # then each eligible member has one notice, nobody else has any
    told = Notification.objects.filter(kind="group.offer")
    assert told.count() == CROWD + 1
    assert set(told.values_list("n", flat=True)) == {1}
    assert not told.filter(recipient_id__in=[ana.pk, asleep.pk, apart.pk]).exists()
    assert figures_of([offer])[offer.pk].done is False  # read before it was told
    offer.refresh_from_db()
    assert figures_of([offer])[offer.pk] == Figures(told=CROWD + 1, apart=1, opted_out=1, done=True)
    # and what is listed on the same day reaches nobody by a notice
    other = listed(browser(ana), circle, second.pk)
    groups.tell_offers()
    assert told.count() == CROWD + 1
    assert Notice.objects.filter(offer=other, outcome="capped").count() == CROWD + 1

    # when one taps the notice
    phone = browser(ben)
    assert "offers" in phone.get("/notifications").content.decode()
    notice = told.get(recipient=ben)
    tap: Any = phone.post(f"/notifications/{notice.pk}/open", follow=True)
    # then the checkout is open and filled in, with the address of the last order
    assert tap.redirect_chain[-1][0].startswith("/checkout?variant=")
    fields = filled_in(tap.content.decode())
    last = Checkout.objects.filter(buyer=ben).latest("id").address
    assert {name: fields[name] for name in make.ADDRESS} == last
    assert (fields["n"], fields["email"]) == ("1", "ben@example.com")

    # when Pay is pressed once, and nothing typed
    answer: Any = phone.post("/checkout", fields)
    assert answer.status_code == 302, re.findall(
        r'class="error"[^<]*<[^>]*>', answer.content.decode()
    )
    sandbox.pay(payment_ref(answer["Location"]))
    token = Order.objects.get(lines__product_id=first.pk).checkout.access_token
    assert "It is paid" in phone.get(f"/o/{token}?payment=x", follow=True).content.decode()

    # then it is bought and paid, credited to who listed, by way of the group
    line = OrderLine.objects.get(product_id=first.pk)
    assert (line.order.state, line.quantity, line.unit_amount) == ("paid", 1, 4_200)
    assert line.link is not None
    assert line.link.owner_id == ana.pk
    touch = Touch.objects.get(pk=line.touch_id or 0)
    assert (touch.channel, touch.account_id, touch.verdict) == ("group", ben.pk, "human")
    assert figures_of([offer])[offer.pk] == Figures(
        told=CROWD + 1, apart=1, opted_out=1, opened=1, bought=1, done=True
    )
    seen = browser(ana).get("/g/pens/shop").content.decode()
    assert f"Told {CROWD + 1}, opened 1, bought 1." in seen
    assert "Told" not in browser(asleep).get("/g/pens/shop").content.decode()

    # and the next day there is room for one more notice
    tomorrow = clock.now() + dt.timedelta(days=1, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: tomorrow)
    Membership.objects.filter(account__handle__startswith="crowd").update(wants_offers=False)
    third = listed(browser(ana), circle, make.product(seller).pk)
    groups.tell_offers()
    assert Notice.objects.get(offer=third, account=ben).outcome == "told"


def test_row_10_a_whoever_bought_nothing_yet_gets_the_ordinary_checkout() -> None:
    ana, cy = make.member("ana"), make.member("cy")
    circle = circles.group(ana)
    circles.joined(circle, cy, wants_offers=True)
    offer = groups.offer_to_group(
        actor=make.actor(ana), group_id=circle.pk, product_id=make.product().pk
    )
    groups.tell_offers()

    for client in (browser(cy), browser()):
        page: Any = client.get(f"/g/offers/{offer.pk}", follow=True)
        assert page.redirect_chain[-1][0].startswith("/checkout?variant=")
        fields = filled_in(page.content.decode())
        assert fields["recipient"] == ""
        assert client.post("/checkout", fields).status_code == 422
    assert not Order.objects.exists()
    assert Notice.objects.get(offer=offer, account=cy).opened_at is not None


def test_row_10_a_an_ended_offer_tells_nobody_and_leads_to_what_is_near() -> None:
    ana, cy = make.member("ana"), make.member("cy")
    circle = circles.group(ana)
    circles.joined(circle, cy, wants_offers=True)
    offer = groups.offer_to_group(
        actor=make.actor(ana), group_id=circle.pk, product_id=make.product().pk
    )
    groups.end_offer(actor=make.actor(ana), offer_id=offer.pk)

    groups.tell_offers()

    assert not Notification.objects.filter(kind="group.offer").exists()
    answer: Any = browser(cy).get(f"/g/offers/{offer.pk}")
    assert answer["Location"] == f"/g/{circle.slug}/shop"


def test_row_10_a_an_offer_in_a_secret_group_is_for_its_members() -> None:
    ana, cy = make.member("ana"), make.member("cy")
    circle = circles.group(ana, visibility=2)
    offer = groups.offer_to_group(
        actor=make.actor(ana), group_id=circle.pk, product_id=make.product().pk
    )

    assert browser(cy).get(f"/g/offers/{offer.pk}").status_code == 404
    assert browser().get(f"/g/offers/{offer.pk}").status_code == 404
    assert not Touch.objects.exists()
