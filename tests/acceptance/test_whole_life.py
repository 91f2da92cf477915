"""Every row of every state table is walked by a public action, in stories of a whole life.

The illegal moves are walked in tests/kernel/test_states.py. Together they are the tables.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from banyan.catalog import actions as catalog
from banyan.community import actions as community
from banyan.delivery import actions as delivery
from banyan.delivery.models import LicenceKey, Voucher
from banyan.earnings import actions as earnings
from banyan.earnings.models import Commission
from banyan.entitlements import actions as coupons
from banyan.kernel import clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.models import StateChange, StoredEvent
from banyan.kernel.money import Money
from banyan.media.actions import claim_staged
from banyan.orders import actions as orders
from banyan.orders.models import Order, OrderRefund
from banyan.payments import actions as payments
from banyan.payments.models import Intent, Payout, Refund
from banyan.payments.providers.base import Status
from banyan.people import actions as people
from banyan.people.models import Account
from banyan.sharing import actions as sharing
from tests.acceptance.lives import of_good_goods, of_the_market
from tests.acceptance.lives_campaigns import (
    of_campaigns,
    of_draws,
    of_own_prices,
    of_plays,
    of_plays_that_buy,
)
from tests.acceptance.lives_chat import of_chat
from tests.acceptance.lives_community import of_authors, of_groups
from tests.acceptance.lives_looked_at import of_circles, of_pictures_from_elsewhere
from tests.acceptance.lives_moderation import of_leaving, of_moderation, of_rights_holders
from tests.acceptance.lives_papers import of_fapiao, of_returns
from tests.acceptance.lives_payments import (
    of_chargebacks,
    of_money_passed_on,
    of_payment_requests,
    of_payouts_by_hand,
    of_refunds_that_are_kept,
)
from tests.acceptance.lives_points import of_points
from tests.acceptance.lives_sales import of_rights, of_sales, of_the_waiting_room
from tests.acceptance.lives_storefronts import of_storefronts
from tests.delivery import goods
from tests.earnings import story
from tests.kernel.test_events import ALL as ALL_EVENTS
from tests.kernel.test_states import ALL as ALL_MACHINES
from tests.payments import till
from tests.payments.fixtures import till_settings
from tests.payments.scripted import script
from tests.support import factories as make
from tests.support.pictures import staged_picture
from tests.support.recount import recount

__all__ = ["till_settings"]
pytestmark = pytest.mark.django_db

Row = tuple[str, str, str]
SYSTEM = Actor.system("test")

# Rows that stand in a table before anybody can walk them; each is a promise of the design.
ROOT = Path(__file__).resolve().parents[2]
# Events of rooms that have no state table.
TOLD_ELSEWHERE = {
    "account.browser_joined": "tests/trust/test_clusters.py",
    "account.contact_verified": "tests/people/test_sign_in.py",
    "account.created": "tests/people/test_sign_in.py",
    "follow.request_ended": "tests/people/test_relations_requests.py",
    "follow.requested": "tests/people/test_relations_requests.py",
    "group.offer_told": "tests/groups/test_offers.py",
    "group.offered": "tests/groups/test_offers.py",
    "link.revoked": "tests/sharing/test_links.py",
    "notification.read": "tests/notify/test_notifications.py",
    "notification.told": "tests/notify/test_notifications.py",
    "order.changed": "tests/orders/test_answers.py",
    "order.parcel_corrected": "tests/orders/test_shipping_in_parts.py",
    "sharing.touched": "tests/sharing/test_touches.py",
    "stock.low": "tests/catalog/test_stock.py",
}
NOBODY_YET: set[Row] = {
    ("catalog.shop.state", "refused", "pending"),
}


def a_shops_life(settings: Any) -> None:
    moderator = make.actor(make.staff("moderation"))
    settings.SHOP_APPROVAL = True
    first, second = make.shop(), make.shop()
    settings.SHOP_APPROVAL = False
    catalog.approve_shop(actor=moderator, shop_id=first.pk)
    catalog.refuse_shop(actor=moderator, shop_id=second.pk, reason="no address")
    catalog.suspend_shop(actor=moderator, shop_id=first.pk, reason="complaints")
    catalog.reopen_shop(actor=moderator, shop_id=first.pk, reason="mended")
    owner, product = make.actor(first.owner), make.product(first)
    catalog.unpublish_product(actor=owner, product_id=product.pk)
    catalog.archive_product(actor=owner, product_id=product.pk)
    catalog.unpublish_product(actor=owner, product_id=product.pk)
    catalog.publish_product(actor=owner, product_id=product.pk)
    catalog.archive_product(actor=owner, product_id=product.pk)


def a_coupons_life(settings: Any) -> None:
    shop = make.shop()
    item = make.variant(shop)
    owner = make.actor(shop.owner)
    made = coupons.create_coupon(
        actor=owner, shop_id=shop.pk, title="C", code="LIFE", amount_off=1, cap=9, life_days=1
    )
    make.pay(make.place((item, 1), coupon="LIFE"))
    first, second, third = coupons.print_codes(actor=owner, coupon_id=made.pk, n=3)
    given_up = make.place((item, 1), coupon=first.code or "")
    orders.cancel_checkout(
        actor=Actor.guest(), checkout_id=given_up.pk, access_token=given_up.access_token
    )
    order = make.pay(make.place((item, 1), coupon=second.code or "")).orders.get()
    orders.grant_refund(
        actor=owner, order_id=order.pk, amount=order.total_amount, reason="x", key="whole"
    )
    assert third.expires_at is not None
    with clock.at(third.expires_at):
        coupons.expire_grants(actor=Actor.system("test"))


def orders_lives(settings: Any) -> None:
    shop = make.shop()
    owner, buyer = make.actor(shop.owner), make.member()
    item = make.variant(shop, stock=50)

    def bought() -> Order:
        return make.pay(make.place((item, 1), buyer=buyer, provider="scripted")).orders.get()

    def refund(order: Order, amount: int = 10_000) -> OrderRefund:
        return orders.grant_refund(
            actor=owner, order_id=order.pk, amount=amount, reason="x", key=f"{order.pk}:{amount}"
        )

    def sent() -> Order:
        order = bought()
        orders.ship(actor=owner, order_id=order.pk, carrier="SF")
        return order

    refund(bought())
    refund(sent())
    received = orders.confirm_receipt(actor=make.actor(buyer), order_id=sent().pk)
    granted = refund(received)
    paid_back(granted.payment_refund_id, succeeded=True)
    lost = refund(bought(), 100)
    paid_back(lost.payment_refund_id, succeeded=False)
    orders.ask_support(actor=make.actor(buyer), refund_id=lost.pk, body="My card is closed.")
    with pytest.MonkeyPatch.context() as patch:
        from dataclasses import replace

        from tests.payments.scripted import ScriptedProvider

        able = replace(ScriptedProvider.capabilities, refund_elsewhere=True)
        patch.setattr(ScriptedProvider, "capabilities", able)
        orders.retry_refund(actor=make.actor(buyer), refund_id=lost.pk, destination="my account")
    asked = orders.ask_refund(
        actor=make.actor(buyer), order_id=bought().pk, amount=1, reason="x", key="ask"
    )
    orders.refuse_refund(actor=owner, refund_id=asked.pk, reason="worn")
    wished = bought()
    orders.ask_refund(actor=make.actor(buyer), order_id=wished.pk, amount=1, reason="x", key="wish")
    orders.cancel_order(actor=make.actor(buyer), order_id=wished.pk, key="instead")
    late = make.place((item, 1))
    with clock.at(late.expires_at):
        orders.expire_due(actor=SYSTEM)


def paid_back(refund_id: int | None, *, succeeded: bool) -> None:
    refund = Refund.objects.get(pk=refund_id or 0)
    payments.settle_refund(
        actor=Actor.provider("scripted"),
        refund_id=refund.pk,
        sequence=refund.sequence,
        succeeded=succeeded,
        provider_ref=f"rf_{refund.pk}",
        failure="" if succeeded else "account closed",
    )


def money_comes(intent: Intent, *, late: bool = False) -> None:
    intent.refresh_from_db()
    at = intent.expires_at if late else clock.now()
    ref = intent.provider_ref or f"ref-pay-{intent.pk}-1"
    payments.capture(actor=till.BUYER, intent_id=intent.pk, paid=till.told(intent, ref=ref, at=at))


def payments_lives(settings: Any) -> None:
    def failed() -> Intent:
        intent = till.started()
        told = till.message(intent, "payment.failed", message_id=f"m{intent.pk}")
        assert till.post(told | {"failure": "no money"}).status_code == 200
        intent.refresh_from_db()
        return intent

    for begin in (till.opened, till.started, failed):
        money_comes(begin())
        money_comes(begin(), late=True)
        payments.cancel_intent(actor=till.BUYER, intent_id=begin().pk)
        lapsed = begin()
        with clock.at(lapsed.expires_at):
            payments.expire_intent(actor=SYSTEM, intent_id=lapsed.pk)
        money_comes(lapsed)
    lapsed = till.started()
    script.away = True
    with clock.at(lapsed.expires_at):
        payments.expire_intent(actor=SYSTEM, intent_id=lapsed.pk)
    script.away = False
    given_up = till.opened()
    payments.cancel_intent(actor=till.BUYER, intent_id=given_up.pk)
    money_comes(given_up)
    again = failed()
    payments.start(actor=till.BUYER, intent_id=again.pk, return_url="http://x/", locale="en")


def refunds_lives(settings: Any) -> None:
    intent = till.captured()
    number = iter(range(100))

    def asked() -> Refund:
        refund: Refund = till.refunded(intent, 100, f"life{next(number)}")
        return refund

    for status in (Status.PENDING, Status.SUCCEEDED, Status.FAILED):
        script.refund_status = status
        payments.submit_refund(actor=SYSTEM, refund_id=asked().pk)
    script.refund_status = Status.PENDING
    for succeeded in (True, False):
        refund = asked()
        payments.submit_refund(actor=SYSTEM, refund_id=refund.pk)
        paid_back(refund.pk, succeeded=succeeded)
        if not succeeded:
            payments.retry_refund(actor=SYSTEM, refund_id=refund.pk)
    for status in (Status.SUCCEEDED, Status.FAILED, Status.PENDING):
        script.refund_status = status
        payments.submit_payout(actor=SYSTEM, payout_id=payout(next(number)).pk)
    for status in (Status.SUCCEEDED, Status.FAILED):
        script.refund_status = Status.PENDING
        asked_for = payout(next(number))
        payments.submit_payout(actor=SYSTEM, payout_id=asked_for.pk)
        script.refund_status = status
        payments.poll_payout(actor=SYSTEM, payout_id=asked_for.pk)
    script.reset()


def payout(number: int) -> Payout:
    return payments.request_payout(
        actor=SYSTEM,
        provider="scripted",
        subject_kind="test",
        subject_id=1,
        amount=Money(100, "CNY"),
        destination={"account": "ana"},
        key=f"life:{number}",
    )


def commissions_lives(settings: Any) -> None:
    finance = make.actor(make.staff("finance"))
    shop, ana = make.shop(), make.member()
    earnings.set_plan(actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=1_000)
    item = make.variant(shop, stock=50)
    link = sharing.share(
        actor=make.actor(ana), target_kind="product", target_id=item.product_id, via=None
    )
    owner, buyer = make.actor(shop.owner), make.member()

    def earned() -> Commission:
        order = make.pay(make.place((item, 1), via=link.code, buyer=buyer)).orders.get()
        return Commission.objects.get(order=order)

    def held() -> Commission:
        commission = earned()
        orders.ship(actor=owner, order_id=commission.order_id, carrier="SF")
        orders.confirm_receipt(actor=make.actor(buyer), order_id=commission.order_id)
        return commission

    def suspected(commission: Commission) -> Commission:
        return earnings.hold_fraud(actor=finance, commission_id=commission.pk, reason="odd")

    def payable() -> Commission:
        commission = held()
        with clock.at(clock.now() + dt.timedelta(days=91)):
            earnings.release_due(actor=SYSTEM)
        return commission

    def take_back(commission: Commission) -> None:
        orders.grant_refund(
            actor=owner,
            order_id=commission.order_id,
            amount=commission.order.total_amount,
            reason="x",
            key=f"back:{commission.pk}",
        )

    unpaid = make.place((item, 1), via=link.code, buyer=buyer)
    orders.cancel_checkout(actor=make.actor(buyer), checkout_id=unpaid.pk)
    owners = sharing.share(actor=owner, target_kind="product", target_id=item.product_id, via=None)
    make.place((item, 1), via=owners.code)  # nobody earns from the sales of their own shop
    suspected(earned())
    take_back(earned())
    earnings.release_fraud(actor=finance, commission_id=suspected(held()).pk, reason="fine")
    take_back(suspected(held()))
    take_back(held())
    take_back(payable())
    last = payable()
    earnings.cancel_batch(actor=finance, batch_id=earnings.draft_batch(actor=finance, minimum=1).pk)
    batch = earnings.draft_batch(actor=finance, minimum=1)
    earnings.submit_batch(actor=finance, batch_id=batch.pk, provider="sandbox")
    story.settle(Payout.objects.get(subject_kind="payout_batch").pk)
    last.refresh_from_db()
    assert last.state == "paid"
    take_back(last)


def vouchers_lives(settings: Any) -> None:
    shop = make.shop()
    owner = make.actor(shop.owner)
    item = goods.voucher(of=shop, valid_days=1, stock=50)

    def issued() -> Voucher:
        make.pay(make.place((item, 1)))
        return Voucher.objects.order_by("id").last()  # type: ignore[return-value]

    def redeem(voucher: Voucher, device: delivery.Device | None = None) -> None:
        delivery.redeem(
            actor=owner,
            shop_id=shop.pk,
            code=delivery.open_voucher(voucher),
            key=f"life-{voucher.pk}",
            device=device,
        )

    def refund(voucher: Voucher) -> None:
        orders.grant_refund(
            actor=owner, order_id=voucher.order_id, amount=8_000, reason="x", key=f"{voucher.pk}"
        )

    redeem(issued())
    refund(issued())
    late, unused = issued(), issued()
    ended = clock.now() + dt.timedelta(days=1, minutes=5)
    with clock.at(ended - dt.timedelta(hours=2)):
        delivery.remind_due(actor=SYSTEM)
    with clock.at(ended):
        delivery.expire_due(actor=SYSTEM)
        scanned_at = ended - dt.timedelta(hours=1)
        redeem(late, delivery.Device(name="d", scanned_at=scanned_at, skew=dt.timedelta(0)))
        unused.refresh_from_db()
        refund(unused)
    short = make.place((goods.keyed(n=1, of=shop), 1))
    delivery.withdraw_key(actor=owner, key_id=LicenceKey.objects.get().pk, reason="spoilt")
    make.pay(short)
    orders.refund_missing(actor=SYSTEM, order_id=short.orders.get().pk)
    got = make.pay(make.place((goods.filed(of=shop), 1)))
    orders.receive_delivered(actor=SYSTEM, order_id=got.orders.get().pk)


def a_guests_life(settings: Any) -> None:
    item = make.variant(stock=20)

    def offer(email: str) -> tuple[Account, int]:
        make.pay(make.place((item, 1), email=email))
        account = make.member(email=email)
        [merge] = people.offer_merge(account)
        return account, merge.pk

    account, merge = offer("gil@example.com")
    people.accept_merge(actor=make.actor(account), merge_id=merge)
    people.undo_merge(actor=make.actor(account), merge_id=merge)
    account, merge = offer("hal@example.com")
    people.decline_merge(actor=make.actor(account), merge_id=merge)


def neighbours_lives(settings: Any) -> None:
    ana, ben = make.actor(make.member()), make.actor(make.member())
    people.follow(actor=ana, account_id=ben.id or 0)
    people.unfollow(actor=ana, account_id=ben.id or 0)
    images = claim_staged(actor=ana, tokens=[staged_picture(ana)])
    post = community.publish_post(actor=ana, images=images, title="Cups")
    community.like(actor=ben, post_id=post.pk)
    if post.link is not None:
        touch = sharing.record_touch(actor=Actor.guest("v-1"), link=post.link)
        sharing.confirm_touch(actor=Actor.guest("v-1"), touch_id=touch.pk)
    community.comment(actor=ben, post_id=post.pk, body="Nice")
    people.block(actor=ana, account_id=ben.id or 0)


LIVES: list[Callable[[Any], None]] = [
    a_shops_life,
    a_coupons_life,
    orders_lives,
    payments_lives,
    refunds_lives,
    commissions_lives,
    of_circles,
    vouchers_lives,
    a_guests_life,
    neighbours_lives,
    of_the_market,
    of_good_goods,
    of_points,
    of_fapiao,
    of_returns,
    of_payment_requests,
    of_payouts_by_hand,
    of_money_passed_on,
    of_refunds_that_are_kept,
    of_chargebacks,
    of_storefronts,
    of_sales,
    of_rights,
    of_the_waiting_room,
    of_campaigns,
    of_plays,
    of_plays_that_buy,
    of_draws,
    of_pictures_from_elsewhere,
    of_own_prices,
    of_chat,
    of_groups,
    of_authors,
    of_moderation,
    of_rights_holders,
    of_leaving,
]


def _walked() -> set[Row]:
    rows = StateChange.objects.values_list("machine", "source", "target").distinct()
    return set(rows)


def test_burned_11_every_row_of_every_table_is_walked_by_a_public_action(settings: Any) -> None:
    for life in LIVES:
        life(settings)

    table = {
        (machine.name, source, target)
        for machine in ALL_MACHINES
        for source in machine.states
        for target in machine.transitions[source]
    }
    assert table - _walked() == NOBODY_YET
    assert _walked() <= table
    # Whatever was told on the way has a schema, and can be read again.
    for stored in StoredEvent.objects.all():
        events.load(stored)
    told = set(StoredEvent.objects.values_list("name", flat=True))
    assert {event.name for event in ALL_EVENTS} - told - set(TOLD_ELSEWHERE) == set()
    assert recount() == {}


def test_burned_11_what_the_lives_do_not_tell_is_told_in_a_test_of_its_own() -> None:
    for name, test in TOLD_ELSEWHERE.items():
        text = (ROOT / test).read_text()
        assert f'"{name}"' in text or events.registry[name].__name__ in text, name
