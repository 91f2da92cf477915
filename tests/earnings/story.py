"""A shop, sharers, orders and what happens to them, made directly: rows, then the real events.

The rows are what ``orders`` would write; the handlers of earnings run as they do there.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from banyan.catalog.models import Product, Shop, ShopStaff, Variant
from banyan.earnings import actions
from banyan.earnings.models import Commission, PlanVersion
from banyan.kernel import clock, events, locks
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.locks import LockKey
from banyan.ledger import actions as ledger
from banyan.ledger import queries as ledger_queries
from banyan.ledger.rules import Entry
from banyan.orders import events as order_events
from banyan.orders import ports
from banyan.orders.models import Checkout, Order, OrderLine
from banyan.people.models import Account
from banyan.sharing.models import Link

_count = itertools.count(1)
SYSTEM = Actor.system("test")
FINANCE = Actor(kind="staff", id=1, roles=frozenset({"finance"}), label="finance")


def member(handle: str = "") -> Account:
    number = next(_count)
    return Account.objects.create(
        handle=f"{handle or 'member'}{number}",
        display_name=handle.title() or f"Member {number}",
        created_at=clock.now(),
    )


def as_actor(account: Account) -> Actor:
    return Actor(kind="member", id=account.pk)


def shop(owner: Account | None = None, currency: str = "CNY") -> Shop:
    owner = owner or member("merchant")
    number = next(_count)
    made = Shop.objects.create(
        owner=owner,
        slug=f"shop-{number}",
        name=f"Shop {number}",
        currency=currency,
        state="open",
        created_at=clock.now(),
    )
    ShopStaff.objects.create(shop=made, account=owner, role="owner", created_at=clock.now())
    return made


def plan(of: Shop, **terms: Any) -> PlanVersion:
    return actions.set_plan(actor=as_actor(of.owner), shop_id=of.pk, **terms)


def variant(of: Shop, price: int = 10_000) -> Variant:
    now, number = clock.now(), next(_count)
    product = Product.objects.create(
        shop=of,
        slug=f"product-{number}",
        title=f"Product {number}",
        state="active",
        created_at=now,
        updated_at=now,
    )
    return Variant.objects.create(product=product, price_amount=price, currency=of.currency)


def link(owner: Account, target: Variant, parent: Link | None = None) -> Link:
    """Return the one link of this owner under ``parent``, made on first use."""
    made, _created = Link.objects.get_or_create(
        owner=owner,
        target_kind="product",
        target_id=target.product_id,
        parent=parent,
        defaults={
            "code": f"code{next(_count)}",
            "root": (parent.root or parent) if parent else None,
            "depth": parent.depth + 1 if parent else 0,
            "created_at": clock.now(),
        },
    )
    return made


def chain(target: Variant, *owners: Account) -> Link:
    """Return the last link of a chain of shares, oldest first."""
    last: Link | None = None
    for owner in owners:
        last = link(owner, target, last)
    assert last is not None
    return last


def path_to(last: Link | None) -> list[dict[str, str]]:
    steps: list[dict[str, str]] = []
    while last is not None:
        steps.append(
            {
                "link": str(last.pk),
                "owner": str(last.owner_id),
                "handle": last.owner.handle,
                "at": last.created_at.isoformat(),
            }
        )
        last = last.parent
    return steps[::-1]


def placed(
    *wanted: tuple[Variant, int],
    via: Link | None = None,
    buyer: Account | None = None,
    discount: int = 0,
    shipping: int = 0,
    visitor: str = "",
) -> Order:
    """Place an order of one shop; discount and shipping fall on the first line."""
    number, now = next(_count), clock.now()
    of = wanted[0][0].product.shop
    goods = sum(item.price_amount * n for item, n in wanted)
    sums = {
        "currency": of.currency,
        "goods_amount": goods,
        "discount_amount": discount,
        "shipping_amount": shipping,
        "total_amount": goods - discount + shipping,
        "created_at": now,
    }
    with transaction.atomic():
        checkout = Checkout.objects.create(
            number=f"N{number}",
            access_token=f"token{number}",
            placement_key=f"key{number}",
            buyer=buyer,
            visitor=visitor,
            expires_at=now + dt.timedelta(minutes=15),
            **sums,
        )
        order = Order.objects.create(checkout=checkout, shop=of, number=f"N{number}-1", **sums)
        lines = [
            OrderLine(
                order=order,
                variant=item,
                product_id=item.product_id,
                seller_id=of.pk,
                title=item.product.title,
                quantity=quantity,
                unit_amount=item.price_amount,
                goods_amount=item.price_amount * quantity,
                discount_amount=0 if index else discount,
                shipping_amount=0 if index else shipping,
                currency=of.currency,
                link=via,
                path=path_to(via),
            )
            for index, (item, quantity) in enumerate(wanted)
        ]
        ports.freeze_terms(lines)
        OrderLine.objects.bulk_create(lines)
        with caused_by(checkout.pk):
            events.emit(order_events.OrderPlaced(**_of(order)), actor=SYSTEM)
    return order


def _of(order: Order) -> dict[str, int]:
    return {"order_id": order.pk, "checkout_id": order.checkout_id, "shop_id": order.shop_id}


def _shop_book(order: Order) -> int:
    return ledger.account(
        kind="shop_payable", owner_kind="shop", owner_id=order.shop_id, currency=order.currency
    ).pk


def _clearing(order: Order) -> int:
    return ledger.account(kind="clearing", owner_kind="platform", currency=order.currency).pk


def paid_event(order: Order) -> order_events.OrderPaid:
    return order_events.OrderPaid(**_of(order), amount=order.total_amount, currency=order.currency)


def paid(order: Order) -> Order:
    """Let the payment arrive: the shop is credited, then order.paid."""
    event = paid_event(order)
    with transaction.atomic(), caused_by(order.checkout_id):
        locks.take(
            [
                LockKey("order", order.pk),
                LockKey("wallet", _shop_book(order)),
                *events.locks_for(event),
            ]
        )
        if order.total_amount:
            _post(order, f"order:{order.pk}:paid", order.total_amount)
        Order.objects.filter(pk=order.pk).update(state="paid", paid_at=clock.now())
        Checkout.objects.filter(pk=order.checkout_id).update(state="paid", paid_at=clock.now())
        events.emit(event, actor=SYSTEM)
    order.refresh_from_db()
    return order


def _post(order: Order, key: str, amount: int) -> None:
    ledger.post(
        key=key,
        kind="order",
        subject_kind="order",
        subject_id=order.pk,
        entries=[Entry(_clearing(order), -amount), Entry(_shop_book(order), amount)],
        currency=order.currency,
        actor=SYSTEM,
    )


def received(order: Order) -> Order:
    event = order_events.OrderReceived(**_of(order))
    with transaction.atomic(), caused_by(order.checkout_id):
        locks.take([LockKey("order", order.pk), *events.locks_for(event)])
        Order.objects.filter(pk=order.pk).update(state="received", received_at=clock.now())
        events.emit(event, actor=SYSTEM)
    order.refresh_from_db()
    return order


def expired(order: Order) -> None:
    event = order_events.OrderExpired(**_of(order))
    with transaction.atomic(), caused_by(order.checkout_id):
        locks.take([LockKey("order", order.pk), *events.locks_for(event)])
        events.emit(event, actor=SYSTEM)


def refund_event(
    order: Order, lines: Sequence[tuple[OrderLine, int]], refund_id: int | None = None
) -> order_events.OrderRefunded:
    return order_events.OrderRefunded(
        **_of(order),
        refund_id=next(_count) if refund_id is None else refund_id,
        amount=sum(amount for _, amount in lines),
        currency=order.currency,
        lines=[(line.pk, amount, 0) for line, amount in lines],
    )


def refund(order: Order, *lines: tuple[OrderLine, int]) -> order_events.OrderRefunded:
    """Grant a refund of goods amounts per line: shop_payable -> clearing, then order.refunded."""
    event = refund_event(order, lines)
    deliver_refund(order, event, post=True)
    return event


def deliver_refund(order: Order, event: order_events.OrderRefunded, *, post: bool = False) -> None:
    with transaction.atomic(), caused_by(order.checkout_id):
        locks.take(
            [
                LockKey("order", order.pk),
                LockKey("wallet", _shop_book(order)),
                *events.locks_for(event),
            ]
        )
        if post:
            _post(order, f"order_refund:{event.refund_id}", -event.amount)
        events.emit(event, actor=SYSTEM)


def refund_all(order: Order) -> None:
    """Refund everything that is left of the goods of every line."""
    lines = []
    for line in order.lines.order_by("id"):
        commission = line.commissions.first()
        done = commission.refunded_base if commission else 0
        lines.append((line, line.goods_amount - line.discount_amount - done))
    refund(order, *lines)


def due(order: Order) -> None:
    """Let the return window of a received order pass, and sweep."""
    assert order.received_at is not None
    with clock.at(order.received_at + dt.timedelta(days=91)):
        actions.release_due(actor=SYSTEM)


def only(order: Order) -> Commission:
    return Commission.objects.get(order=order)


def book(account: Account, kind: str = "earner_payable", currency: str = "CNY") -> int:
    """Return what stands on a member's account, 0 when there is none."""
    found = ledger_queries.find_account(
        kind=kind, owner_kind="account", owner_id=account.pk, currency=currency
    )
    return ledger_queries.balance(found).amount if found else 0


def shop_balance(of: Shop) -> int:
    found = ledger_queries.find_account(
        kind="shop_payable", owner_kind="shop", owner_id=of.pk, currency=of.currency
    )
    return ledger_queries.balance(found).amount if found else 0


def settle(payout_id: int, *, succeeded: bool = True) -> None:
    """Let the provider's last word on a payout arrive, as a verified message would."""
    from banyan.payments import actions as payments

    payments.settle_payout(
        actor=Actor.provider("sandbox"),
        payout_id=payout_id,
        succeeded=succeeded,
        provider_ref=f"po_{payout_id}",
        failure="" if succeeded else "account closed",
    )
