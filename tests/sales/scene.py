"""Ready-made sales, made by the public actions."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from banyan.catalog.models import Variant
from banyan.catalog.proof import stock_audit
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.orders import actions as orders
from banyan.orders.models import Checkout
from banyan.people.models import Account
from banyan.sales import actions as sales
from banyan.sales.models import Bucket, Right, Sale
from tests.support import factories as make
from tests.support.recount import recount

SYSTEM = Actor.system("test")
NOON = dt.datetime(2026, 11, 11, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
_count = itertools.count(1)


def buyer(n: int | str, **columns: Any) -> Account:
    """Return a member with an e-mail address of their own."""
    return make.member(f"buyer{n}", email=f"buyer{n}@example.com", **columns)


def planned(item: Variant, *, price: int = 5_000, **values: Any) -> Sale:
    """Return a draft of an hour's sale of one thing, begun just now."""
    sizes = {kind: values.pop(kind) for kind in ("public", "code", "fans") if kind in values}
    now = clock.now()
    data = sales.SaleInput(
        title="Singles' day",
        starts_at=values.pop("starts_at", now),
        ends_at=values.pop("ends_at", now + 60 * MINUTE),
        items=[sales.ItemInput(item.pk, price, **(sizes or {"public": 3}))],
        **values,
    )
    shop = item.product.shop
    return sales.plan_sale(actor=make.actor(shop.owner), shop_id=shop.pk, data=data)


def on(item: Variant, **values: Any) -> Sale:
    """Return a published sale that has begun."""
    sale = planned(item, **values)
    sales.publish_sale(actor=make.actor(item.product.shop.owner), sale_id=sale.pk)
    sale.refresh_from_db()
    sales.advance_sale(actor=SYSTEM, sale=sale)
    sale.refresh_from_db()
    return sale


def coming() -> Sale:
    """Return a published sale that begins in an hour."""
    item, starts_at = make.variant(stock=5), clock.now() + 60 * MINUTE
    return on(item, starts_at=starts_at, ends_at=starts_at + 60 * MINUTE)


def claim(sale: Sale, item: Variant, who: Account) -> Right:
    """Claim a unit."""
    return sales.claim(actor=make.actor(who), sale_id=sale.pk, variant_id=item.pk)


def order(
    item: Variant, n: int = 1, who: Account | None = None, email: str = "", agreement: str = ""
) -> Checkout:
    """Place an order that a parcel of its own phone number goes to; by a guest without ``who``."""
    number = next(_count)
    return orders.place(
        actor=make.actor(who) if who else Actor.guest(),
        lines=[orders.WantedLine(item.pk, n)],
        contact=orders.Contact(email=email or f"guest{number}@example.com"),
        address=make.ADDRESS | {"phone": f"+86138{number:08d}"},
        placement_key=new_code(80),
        provider="sandbox",
        agreement=agreement,
    )


def bucket(sale: Sale, kind: str = "public") -> Bucket:
    """Return a bucket of the sale as it stands now."""
    return Bucket.objects.get(item__sale=sale, kind=kind)


def assert_sound() -> None:
    """Recount: stock by its movements and orders, what is kept by the rows of sales."""
    assert stock_audit() == []
    assert recount() == {}
