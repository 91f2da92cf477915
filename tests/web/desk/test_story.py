"""One order's whole story: everything of it, in order, and nothing of another order."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from banyan.earnings import actions as earnings
from banyan.earnings.models import Commission
from banyan.insights.stories import find_orders, story_of_order
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.orders import actions as orders
from banyan.orders.models import Checkout, Order, OrderNote
from banyan.orders.stories import find_orders as by_orders
from banyan.orders.stories import order_for_story
from banyan.payments.models import Intent, Payout, Refund
from banyan.people.models import Account
from banyan.people.queries import phone_ends_with
from banyan.sharing import actions as sharing
from banyan.sharing.models import Link
from tests.support import factories as make
from tests.support.sandbox import Receiver, Sandbox

from .scene import as_staff, grant, pay_for_real, settle_all

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


def shared_sale(buyer: Account) -> tuple[Checkout, Link]:
    """Ana shares with Ben, Ben with the buyer, who places an order."""
    ana, ben = make.member(), make.member()
    item = make.variant(make.shop(shipping_amount=1_000), price=50_000)
    shop = item.product.shop
    earnings.set_plan(
        actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=1_000, levels=2, direct_bps=8_000
    )
    first = sharing.share(
        actor=make.actor(ana), target_kind="product", target_id=item.product_id, via=None
    )
    link = sharing.share(
        actor=make.actor(ben), target_kind="product", target_id=item.product_id, via=first
    )
    touch = sharing.record_touch(actor=make.actor(buyer), link=link, verdict="unknown")
    sharing.confirm_touch(actor=make.actor(buyer), touch_id=touch.pk)
    return make.place((item, 1), buyer=buyer, via=link.code), link


def told(number: str) -> Any:
    order = order_for_story(number)
    assert order is not None
    return story_of_order(order)


def whole_life(sandbox: Sandbox, mailbox: Receiver) -> tuple[Order, Link]:
    """Buy through a share, ship, receive, pay the sharers out, refund 40 % afterwards."""
    buyer = make.member()
    checkout, link = shared_sale(buyer)
    pay_for_real(checkout, sandbox, mailbox)
    order = checkout.orders.get()
    merchant = make.actor(order.shop.owner)
    orders.write_note(actor=make.actor(buyer), order_id=order.pk, body="Please wrap it.")
    orders.ship(actor=merchant, order_id=order.pk, carrier="Post", tracking="TRACK-1")
    orders.confirm_receipt(actor=make.actor(buyer), order_id=order.pk)
    Commission.objects.filter(order=order).update(hold_until=clock.now())
    earnings.release_due(actor=SYSTEM)
    finance = make.staff("finance")
    batch = earnings.draft_batch(actor=make.actor(finance), reason="the month")
    earnings.submit_batch(
        actor=make.actor(finance), batch_id=batch.pk, provider="sandbox", reason="looked through"
    )
    settle_all(mailbox)
    support = make.staff("support")
    orders.grant_refund(
        actor=make.actor(support),
        order_id=order.pk,
        amount=order.total_amount * 4 // 10,
        reason="A scratch on the glaze",
        key=f"story:{order.pk}",
    )
    settle_all(mailbox)
    relay.drain()
    order.refresh_from_db()
    return order, link


def test_the_story_tells_the_whole_life_in_order(sandbox: Sandbox, mailbox: Receiver) -> None:
    order, link = whole_life(sandbox, mailbox)

    story = told(order.number)

    times = [chapter.at for chapter in story.chapters]
    assert times == sorted(times)
    texts = [str(chapter.text) for chapter in story.chapters]
    expected = [
        "Shared a link",
        "Shared it on",
        f"Opened the link of @{link.owner.handle}",
        "Stock reserved",
        "Order placed",
        "Payment attempt 1",
        "Payment opened at the provider",
        "Webhook: payment.succeeded",
        "Payment received in full",
        "The order is paid",
        "The buyer wrote",
        "Parcel handed over",
        "The order has arrived",
        "Commission payable",
        "Staff: payout_batch.draft",
        "Staff: payout_batch.submit",
        "The payout has arrived",
        "Refund granted",
        "Staff: refund.grant",
        "The provider has sent the money back",
        "The refund is done",
        "Told on their notifications page",
    ]
    assert [text for text in expected if text not in texts] == []
    first = {text: texts.index(text) for text in expected}
    # What one transaction writes has one time, so only the big steps have an order to keep.
    steps = [
        "Shared a link", "Shared it on", f"Opened the link of @{link.owner.handle}",
        "Order placed", "Payment attempt 1", "Webhook: payment.succeeded", "The buyer wrote",
        "Parcel handed over", "The order has arrived", "Commission payable",
        "Staff: payout_batch.draft", "Staff: payout_batch.submit", "The payout has arrived",
        "Staff: refund.grant", "The provider has sent the money back",
    ]  # fmt: skip
    assert [first[step] for step in steps] == sorted(first[step] for step in steps)

    webhook = next(c for c in story.chapters if c.text == "Webhook: payment.succeeded")
    assert "early" in str(webhook.detail)
    assert "sent once more" in str(webhook.detail)
    price = next(c for c in story.chapters if c.topic == "price")
    assert sum(part.amount.amount for part in price.parts) == order.total_amount
    paid_out = [c for c in story.chapters if str(c.text).startswith("Sent to @")]
    left = [c.amount - c.reversed_amount for c in Commission.objects.filter(order=order)]
    assert sorted(c.amount.amount for c in paid_out if c.amount) == sorted(left)


def test_every_journal_of_the_story_sums_to_zero_and_is_shown(
    sandbox: Sandbox, mailbox: Receiver
) -> None:
    order, _link = whole_life(sandbox, mailbox)

    journals = [c for c in told(order.number).chapters if c.balanced is not None]
    assert {c.text for c in journals} == {
        "Booked: the payment came in",
        "Booked: the shop is owed the sale",
        "Booked: the sharer's part is set aside",
        "Booked: the sharer's part is payable",
        "Booked: the whole payout is on its way",
        "Booked: the payout left",
        "Booked: the shop gives the refund",
        "Booked: the sharer's part of the refund is taken back",
        "Booked: the refund left",
    }
    for chapter in journals:
        assert chapter.balanced
        assert sum(part.amount.amount for part in chapter.parts) == 0

    page = as_staff("support").get(f"/desk/orders/{order.number}/").content.decode()
    assert "TRACK-1" in page
    assert "Please wrap it." in page
    assert "A scratch on the glaze" in page
    assert f"{len(journals)} journals, each sums to zero." in page


def test_nothing_of_another_order_is_told(sandbox: Sandbox, mailbox: Receiver) -> None:
    order, _link = whole_life(sandbox, mailbox)
    other, _other_link = whole_life(sandbox, mailbox)

    mine, theirs = told(order.number).chapters, told(other.number).chapters

    shared_ids = {(c.topic, c.id) for c in mine} & {(c.topic, c.id) for c in theirs}
    assert shared_ids == set()
    assert OrderNote.objects.count() == 2
    assert sum(c.text == "The buyer wrote" for c in mine) == 1
    assert other.number not in {c.ref for c in mine}


def test_orders_of_one_purchase_share_the_payment_but_not_their_refunds(
    sandbox: Sandbox, mailbox: Receiver
) -> None:
    checkout = make.place((make.variant(price=1_000), 1), (make.variant(price=2_000), 1))
    pay_for_real(checkout, sandbox, mailbox)
    first, second = checkout.orders.order_by("id")
    grant(second, 500)
    settle_all(mailbox)
    relay.drain()

    story = told(first.number)

    assert story.siblings == [second]
    assert any(c.text == "Payment received in full" for c in story.chapters)
    assert not [c for c in story.chapters if c.topic == "refund"]
    assert not [c for c in story.chapters if "refund" in str(c.text)]
    assert any(c.topic == "refund" for c in told(second.number).chapters)


def test_the_number_of_statements_is_the_same_for_a_long_story() -> None:
    def cost(lines: int, notes: int, refunds: int) -> int:
        shop = make.shop()
        wanted = [(make.variant(shop, price=5_000), 1) for _ in range(lines)]
        order = make.pay(make.place(*wanted, buyer=make.member())).orders.get()
        for number in range(notes):
            orders.write_note(
                actor=make.actor(order.shop.owner), order_id=order.pk, body=f"Note {number}"
            )
        for number in range(refunds):
            grant(order, 100 + number)
        with CaptureQueriesContext(connection) as queries:
            story = told(order.number)
        assert len(story.chapters) > lines + notes + refunds
        return len(queries)

    short, long = cost(1, 1, 1), cost(12, 8, 6)

    assert short == long
    assert long <= 35


def test_an_order_is_found_by_whatever_somebody_has_in_hand(
    sandbox: Sandbox, mailbox: Receiver
) -> None:
    order, link = whole_life(sandbox, mailbox)
    make.pay(make.place((make.variant(), 1)))
    checkout = order.checkout
    Checkout.objects.filter(pk=checkout.pk).update(contact_phone="+8613912348765")
    intent, refund = Intent.objects.get(subject_id=checkout.pk), Refund.objects.get()
    commission = Commission.objects.filter(order=order).first()
    assert commission is not None

    for text in (
        order.number,
        order.number.lower(),
        checkout.number,
        "8765",
        "+86 139 1234 8765",
        checkout.contact_email,
        intent.provider_ref,
        refund.provider_ref,
        link.code,
        str(commission.pk),
    ):
        assert [found.pk for found in find_orders(text)] == [order.pk], text
    assert find_orders("765") == [], "three digits are too few to ask by"
    assert find_orders("nothing-like-it") == []
    assert find_orders("9" * 40) == []
    assert Payout.objects.exists()


def test_the_search_page_leads_straight_to_the_only_find(client: Client) -> None:
    order = make.pay(make.place((make.variant(), 1))).orders.get()
    support = as_staff("support")

    answer = support.get("/desk/orders/", {"q": order.number})
    assert answer.status_code == 302
    assert answer["Location"] == f"/desk/orders/{order.number}/"
    nothing = support.get("/desk/orders/", {"q": "<script>x</script>"})
    assert nothing.status_code == 200
    assert "<script>x" not in nothing.content.decode()
    assert support.get("/desk/orders/NOPE-1/").status_code == 404


def test_an_unpaid_order_tells_how_it_ended() -> None:
    checkout = make.place((make.variant(), 1))
    with clock.at(checkout.expires_at + dt.timedelta(seconds=1)):
        orders.expire_due(actor=SYSTEM)
    number = checkout.orders.get().number

    texts = [c.text for c in told(number).chapters]
    assert "The reservation ran out, unpaid" in texts
    assert "Stock is free again" in texts


def many_phones(count: int) -> None:
    """Copy one purchase for ``count`` members with a phone each; tell the planner of them."""
    order = Order.objects.select_related("checkout").get(checkout=make.place((make.variant(), 1)))
    phones = [f"+86139{n:08d}" for n in range(count)]
    buyers = Account.objects.bulk_create(
        Account(handle=f"phone{n}", display_name="Phone", phone=phone, created_at=order.created_at)
        for n, phone in enumerate(phones)
    )
    like = copied(order.checkout)
    checkouts = Checkout.objects.bulk_create(
        Checkout(
            **like
            | {"buyer_id": buyer.pk, "contact_phone": phone, "address": {"phone": phone}}
            | dict.fromkeys(("number", "access_token", "placement_key"), f"many{n}")
        )
        for n, (buyer, phone) in enumerate(zip(buyers, phones, strict=True))
    )
    like = copied(order)
    Order.objects.bulk_create(
        Order(**like | {"checkout_id": each.pk, "number": each.number}) for each in checkouts
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE orders_order, orders_checkout, people_account")


def copied(row: Checkout | Order) -> dict[str, Any]:
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.primary_key
    }


def test_the_end_of_a_phone_is_looked_up_by_indexes() -> None:
    many_phones(2_000)
    with CaptureQueriesContext(connection) as seen:
        by_orders("4321")
        list(Account.objects.filter(phone_ends_with("4321")))
    plans = []
    with connection.cursor() as cursor:
        for query in seen:
            cursor.execute("EXPLAIN " + query["sql"])
            plans += [line for (line,) in cursor.fetchall()]
    told = "\n".join(plans)
    for index in ("checkout_phone_tail", "checkout_courier_tail", "account_phone_tail"):
        assert index in told, told
    assert "Seq Scan" not in told, told
