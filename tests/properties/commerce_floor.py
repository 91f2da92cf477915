"""A small market for the stateful machine: a little of everything that can be bought, and of it.

Made once; every run of the machine works on it inside a savepoint that is rolled back.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, connection

from banyan.catalog import actions as catalog
from banyan.catalog.actions import locations
from banyan.catalog.models import Shop, StockMovement, Variant
from banyan.earnings import actions as earnings
from banyan.entitlements import actions as coupons
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.orders import actions as orders
from banyan.people.models import Account
from banyan.sales import actions as sales
from banyan.sales.models import Sale
from banyan.sharing import actions as sharing
from tests.delivery import goods
from tests.market import deals
from tests.storefronts import stalls
from tests.support import factories as make
from tests.support import prices
from tests.support.pointed import give, points_of

START = dt.datetime(2026, 11, 11, 12, tzinfo=dt.UTC)
SYSTEM = Actor.system("test")
CODE = "TEN"
PLATFORMS = "US"


@dataclass(frozen=True, slots=True)
class Ware:
    """Something to put into a cart: a variant, and where it was found."""

    name: str
    variant_id: int
    offer_id: int | None = None


@dataclass(frozen=True, slots=True)
class Buyer:
    """Somebody who buys: how they act and how they are reached."""

    actor: Actor
    contact: orders.Contact
    address: Mapping[str, str]
    account: Account | None = None


@dataclass(frozen=True, slots=True)
class Floor:
    """The market as it opens. ``ever`` is how many units of a variant there are at the start."""

    wares: Sequence[Ware]
    buyers: Sequence[Buyer]
    owners: Mapping[int, Actor]
    sale: Sale
    sale_codes: Sequence[str]
    exchanges: Mapping[int, int]
    places: Mapping[int, int]
    ever: Mapping[int, int]
    via: str
    support: Actor
    moderator: Actor


def open_floor() -> Floor:
    """Build the market."""
    with clock.at(START):
        return _build()


def _build() -> Floor:
    tea_shop = make.shop(shipping_amount=350, free_shipping_from=5_000)
    lamp_shop = make.shop()
    prices.tax(lamp_shop, "*", rate=130_000)
    small, large = _tea(tea_shop)
    cup = make.variant(tea_shop, price=333, stock=4)
    lamp = make.variant(lamp_shop, price=7_777, stock=3)
    radio = make.variant(tea_shop, price=2_000, stock=5)
    cut, game = goods.voucher(of=lamp_shop, price=999, stock=3), goods.keyed(of=lamp_shop, n=3)
    bicycle = deals.listing(price=4_321)
    seller = make.actor(bicycle.seller)
    offer = stalls.listed(stalls.page(), stalls.supply(lamp, supply=7_000), 8_500)
    sale, codes = _sale(radio)
    guest = Buyer(Actor.guest(), orders.Contact("guest@example.com", ""), _at(0))
    members = [_member(n) for n in (1, 2)]
    _coupons(tea_shop, members[0])
    points_of(tea_shop, life_days=5)
    with_points = members[1].account
    assert with_points is not None
    give(with_points, tea_shop, 700, days=9, order=1)
    earnings.set_plan(
        actor=make.actor(tea_shop.owner), shop_id=tea_shop.pk, rate_bps=1_000, levels=1
    )
    link = sharing.share(
        actor=make.actor(make.member()),
        target_kind="product",
        target_id=small.product_id,
        via=None,
    )
    owner, lamps = make.actor(tea_shop.owner), make.actor(lamp_shop.owner)
    cellar = locations.add_location(actor=owner, shop_id=tea_shop.pk, name="Cellar")
    variants = {
        "small tea": small,
        "large tea": large,
        "cup": cup,
        "lamp": lamp,
        "radio": radio,
        "voucher": cut,
        "game": game,
        "bicycle": bicycle.product.variants.get(),
    }
    wares = [Ware(name, variant.pk) for name, variant in variants.items()]
    wares.append(Ware("pooled lamp", lamp.pk, offer.pk))
    return Floor(
        wares=wares,
        buyers=[guest, *members],
        owners={
            tea_shop.pk: owner,
            lamp_shop.pk: lamps,
            bicycle.product.shop_id: seller,
        },
        sale=sale,
        sale_codes=codes,
        exchanges={small.pk: large.pk, large.pk: small.pk},
        places={small.pk: cellar.pk, cup.pk: cellar.pk},
        ever={v.pk: counted_in(v.pk) for v in variants.values()},
        via=link.code,
        support=make.actor(make.staff("support")),
        moderator=make.actor(make.staff("moderation")),
    )


def counted_in(variant_id: int) -> int:
    """Return how many units ever came to be, by the movements that say so."""
    rows = StockMovement.objects.filter(stock__variant=variant_id)
    return sum(rows.exclude(kind__in=["ship", "return"]).values_list("on_hand", flat=True))


def _tea(shop: Shop) -> list[Variant]:
    kinds = [
        catalog.VariantInput(price=1_000, values=[kind], on_hand=4) for kind in ("small", "large")
    ]
    made = make.product(shop, title="Tea", options=["Size"], variants=kinds)
    return list(made.variants.order_by("position"))


def _sale(radio: Variant) -> tuple[Sale, list[str]]:
    boss, now = make.actor(radio.product.shop.owner), clock.now()
    sale = sales.plan_sale(
        actor=boss,
        shop_id=radio.product.shop_id,
        data=sales.SaleInput(
            title="Singles' day",
            starts_at=now,
            ends_at=now + dt.timedelta(days=9),
            items=[sales.ItemInput(radio.pk, 1_200, public=2, code=1)],
            per_person=2,
        ),
    )
    sales.publish_sale(actor=boss, sale_id=sale.pk)
    batch = sales.issue_codes(
        actor=boss, sale_id=sale.pk, variant_id=radio.pk, channel="shop", count=1
    )
    sale.refresh_from_db()
    sales.advance_sale(actor=SYSTEM, sale=sale)
    sale.refresh_from_db()
    return sale, list(batch.rights.values_list("code", flat=True))


def _at(n: int) -> dict[str, str]:
    return make.ADDRESS | {"phone": f"+86138{n:08d}"}


def _member(n: int) -> Buyer:
    email = f"floor{n}@example.com"
    account = make.member(f"floor{n}", email=email)
    return Buyer(make.actor(account), orders.Contact(email), _at(n), account)


def _coupons(shop: Shop, lucky: Buyer) -> None:
    boss = make.actor(shop.owner)
    coupons.create_coupon(
        actor=boss,
        shop_id=shop.pk,
        title="A tenth",
        code=CODE,
        percent_bps=1_000,
        cap=3,
        per_person=2,
        budget=700,
    )
    held = coupons.create_coupon(
        actor=boss, shop_id=shop.pk, title="For you", amount_off=150, cap=2, reach="held"
    )
    assert lucky.actor.id is not None
    coupons.grant_coupon(actor=boss, coupon_id=held.pk, account_id=lucky.actor.id, source="test")
    coupons.create_coupon(
        actor=make.actor(make.staff("finance")),
        shop_id=None,
        title="From us",
        code=PLATFORMS,
        amount_off=101,
        cap=4,
        per_person=2,
        currency="CNY",
    )


class Cut(Exception):  # noqa: N818 - what a test does to an act
    """Something fell over in the middle of an act."""


_SAVEPOINTS = ("SAVEPOINT", "RELEASE", "ROLLBACK")


@contextlib.contextmanager
def falling_over_at(statement: int | None) -> Iterator[None]:
    """Let the statement of this number fail, once: every second time as a lost database would."""
    if statement is None:
        yield
        return
    left = statement

    def count(execute: Callable[..., Any], sql: Any, *args: Any) -> Any:
        nonlocal left
        if not str(sql).startswith(_SAVEPOINTS):
            left -= 1
            if left == -1:
                raise OperationalError("gone") if statement % 2 else Cut
        return execute(sql, *args)

    with connection.execute_wrapper(count):
        yield
