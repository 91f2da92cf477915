"""Ready-made members, shops and purchases, made by the public actions."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any
from zlib import crc32

from banyan.catalog import actions as catalog
from banyan.catalog.models import Product, Shop, Stock, Variant
from banyan.entitlements.actions import RightInput, grant_price_rights
from banyan.entitlements.models import PriceRight
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.money import Money
from banyan.orders import actions as orders
from banyan.orders.models import Checkout
from banyan.people.models import Account, Profile, StaffRole

_count = itertools.count(1)

ADDRESS = {
    "recipient": "Demo Person",
    "phone": "+8613800000000",
    "country": "CN",
    "level1": "Zhejiang",
    "level2": "Hangzhou",
    "level3": "Xihu",
    "street": "Lakeside Road 1",
}


def member(handle: str = "", **columns: Any) -> Account:
    """Return a member; the row is made directly, because sign-up has its own tests."""
    handle = handle or f"member{next(_count)}"
    account = Account.objects.create(
        handle=handle, display_name=handle.title(), created_at=clock.now(), **columns
    )
    Profile.objects.create(account=account)
    return account


def actor(account: Account) -> Actor:
    """Return the account as an actor."""
    roles = frozenset(account.staff_roles.values_list("role", flat=True))
    return Actor(kind="staff" if account.is_staff else "member", id=account.pk, roles=roles)


def staff(*roles: str) -> Account:
    """Return a staff account with ``roles``."""
    account = member(is_staff=True)
    for role in roles:
        StaffRole.objects.create(account=account, role=role)
    return account


def shop(owner: Account | None = None, **values: Any) -> Shop:
    """Return an open shop."""
    owner = owner or member()
    number = next(_count)
    values = {"name": f"Shop {number}", "slug": f"shop-{number}", "currency": "CNY"} | values
    return catalog.open_shop(actor=actor(owner), **values)


def product(
    of: Shop | None = None, *, price: int = 10_000, stock: int = 10, **values: Any
) -> Product:
    """Return a published product with one variant."""
    of = of or shop()
    owner = actor(of.owner)
    data = catalog.ProductInput(
        title=values.pop("title", f"Product {next(_count)}"),
        variants=values.pop("variants", [catalog.VariantInput(price=price, on_hand=stock)]),
        **values,
    )
    made = catalog.create_product(actor=owner, shop_id=of.pk, data=data)
    return catalog.publish_product(actor=owner, product_id=made.pk)


def variant(of: Shop | None = None, *, price: int = 10_000, stock: int = 10) -> Variant:
    """Return the one variant of a new published product."""
    return product(of, price=price, stock=stock).variants.get()


def right(who: Account, item: Variant, amount: int, **values: Any) -> PriceRight:
    """Return a member's right to units of ``item`` for ``amount`` each, good for an hour."""
    wanted = RightInput(
        account_id=who.pk,
        variant_id=item.pk,
        price=Money(amount, item.currency),
        title=values.pop("title", "Bargain"),
        expires_at=values.pop("expires_at", clock.now() + dt.timedelta(hours=1)),
        **values,
    )
    (made,) = grant_price_rights(actor=Actor.system("test"), wanted=[wanted])
    return made


def stock_of(item: Variant) -> Stock:
    """Return the stock row as it stands now."""
    return Stock.objects.get(variant=item)


def place(
    *wanted: tuple[Variant, int],
    buyer: Account | None = None,
    via: str = "",
    coupon: str = "",
    provider: str = "sandbox",
    key: str = "",
    email: str = "",
    phone: str = "",
) -> Checkout:
    """Place a checkout for a member, in their name, or, without ``buyer``, for a guest.

    A guest has a telephone of their own, the same one for the same ``email``.
    """
    email = email or f"buyer{next(_count)}@example.com"
    phone = phone or ("" if buyer else f"+8613{crc32(email.lower().encode()) % 10**9:09d}")
    return orders.place(
        actor=actor(buyer) if buyer else Actor.guest(),
        lines=[orders.WantedLine(v.pk, n, via=via) for v, n in wanted],
        contact=orders.Contact(email=email, phone=phone),
        address=ADDRESS | {"recipient": _recipient(buyer)},
        placement_key=key or new_code(80),
        provider=provider,
        coupon_code=coupon,
    )


def _recipient(buyer: Account | None) -> str:
    """Return a name of the buyer's own: one name at one address would be one person."""
    return f"{ADDRESS['recipient']} {buyer.display_name if buyer else ''}".strip()


def pay(checkout: Checkout) -> Checkout:
    """Let the whole payment of a checkout arrive, as a verified provider message would."""
    from banyan.payments import actions as payments
    from banyan.payments.models import Intent

    intent = Intent.objects.get(subject_kind="checkout", subject_id=checkout.pk)
    payments.capture(
        actor=Actor.provider(intent.provider),
        intent_id=intent.pk,
        paid=payments.Paid(
            provider_ref=f"pay_{intent.pk}",
            money=Money(intent.amount, intent.currency),
            at=clock.now(),
        ),
    )
    checkout.refresh_from_db()
    return checkout
