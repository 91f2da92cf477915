"""Deeds of the market's floor: goods, carts, orders, payments and a flash sale."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest

from banyan.catalog import actions as catalog
from banyan.catalog.actions import locations
from banyan.catalog.models import Stock
from banyan.delivery import actions as delivery
from banyan.earnings.actions import holds
from banyan.entitlements.actions import expire_points, expire_rights
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.money import Money
from banyan.kernel.problems import IdempotencyMismatch
from banyan.market import actions as market
from banyan.orders import actions as orders
from banyan.orders.actions.pointing import ripen_due
from banyan.orders.models import Cart, Checkout
from banyan.payments import actions as payments
from banyan.payments.models import Intent
from banyan.payments.rules import SETTLED, Outcome
from banyan.sales import actions as sales
from banyan.sales.models import Bucket, Right
from banyan.standing.actions.takedowns import settle_due
from tests.properties.commerce_floor import CODE, PLATFORMS, SYSTEM, Buyer
from tests.properties.commerce_run import Deed, How, Run, one

_MINUTES = [4, 12, 16, 60, 600, 4 * 1440, 8 * 1440]
_JOBS = (
    orders.expire_due,
    sales.advance_sales,
    orders.auto_confirm,
    orders.lapse_returns,
    delivery.expire_due,
    holds.release_due,
    market.release_due,
    expire_rights,
    ripen_due,
    expire_points,
    settle_due,
)


def time_passes(run: Run, how: How) -> None:
    """Let time pass, and let the clock's jobs run."""
    run.now += dt.timedelta(minutes=_MINUTES[(how.number + how.n) % len(_MINUTES)])
    for job in _JOBS:
        run.act(lambda job=job: job(actor=SYSTEM))  # type: ignore[misc]


def events_are_told(run: Run, how: How) -> None:
    """Let everybody hear what happened."""
    run.act(relay.drain)


def goods_come_in(run: Run, how: How) -> None:
    """Count more of something onto the shelf."""
    ware = one(run.floor.wares, how)
    if ware is None or ware.name in {"game", "bicycle"}:
        return  # keys are not counted, and there is one bicycle
    stock = Stock.objects.select_related("variant__product").get(variant_id=ware.variant_id)
    done = run.act(
        lambda: catalog.set_on_hand(
            actor=run.floor.owners[stock.variant.product.shop_id],
            variant_id=ware.variant_id,
            on_hand=stock.on_hand + how.n,
            saw=stock.on_hand,
        )
    )
    if done is not None:
        run.brought[ware.variant_id] = run.brought.get(ware.variant_id, 0) + how.n


def goods_are_carried(run: Run, how: How) -> None:
    """Carry goods to the cellar or from there."""
    variant_id, cellar = one(list(run.floor.places.items()), how) or (0, 0)
    stock = Stock.objects.select_related("variant__product").get(variant_id=variant_id)
    run.act(
        lambda: locations.transfer(
            actor=run.floor.owners[stock.variant.product.shop_id],
            variant_id=variant_id,
            quantity=how.n,
            source_id=cellar if how.yes else None,
            target_id=None if how.yes else cellar,
        )
    )


# -- ordering -------------------------------------------------------------------------------------


def _lines(run: Run, how: How, shared: bool = False) -> list[orders.WantedLine]:
    """Return one to three lines that ``how`` stands for; some by a share link."""
    wares = run.floor.wares
    chosen = [wares[(how.number + step * how.n) % len(wares)] for step in range(how.share % 3 + 1)]
    via = run.floor.via if shared else ""
    return [
        orders.WantedLine(ware.variant_id, (how.n + at) % 3 + 1, via=via, offer_id=ware.offer_id)
        for at, ware in enumerate(chosen)
    ]


def place(
    buyer: Buyer,
    lines: Sequence[orders.WantedLine],
    *,
    key: str = "",
    coupon: str = "",
    agreed: int | None = None,
    cart: str | None = None,
) -> Checkout:
    """Place an order."""
    return orders.place(
        actor=buyer.actor,
        lines=lines,
        contact=buyer.contact,
        address=buyer.address,
        placement_key=key or new_code(80),
        provider="sandbox",
        coupon_code=coupon,
        agreed_total=agreed,
        cart_token=cart,
    )


def look(
    run: Run, buyer: Buyer, lines: Sequence[orders.WantedLine], coupon: str = ""
) -> orders.Quote | None:
    """Look at the price, and note how many free units it takes: a sale keeps its own."""
    quote = run.act(
        lambda: orders.quote(
            actor=buyer.actor, lines=lines, coupon_code=coupon, contact=buyer.contact
        )
    )
    run.wanted = {}
    if quote is not None:
        sold = quote.in_sale()
        run.wanted = {x.variant_id: x.quantity for x in quote.lines if x.variant_id not in sold}
    return quote


def orders_goods(run: Run, how: How) -> None:
    """Look at the price and order; pressing twice is one order, for something else refused."""
    buyer = run.floor.buyers[how.share % 3]
    coupon = ["", PLATFORMS, CODE][how.n - 1]
    lines, key = _lines(run, how, how.also), new_code(80)
    if look(run, buyer, lines, coupon) is None:
        return
    placed = run.act(lambda: place(buyer, lines, key=key, coupon=coupon))
    if placed is None:
        return
    run.answers_the_same(lambda: place(buyer, lines, key=key, coupon=coupon), placed)
    with pytest.raises(IdempotencyMismatch), clock.at(run.now):
        place(buyer, lines, key=key, coupon=coupon, agreed=placed.total_amount + 1)
    if how.yes:
        arrives(run, placed, "pay")


def orders_a_cart(run: Run, how: How) -> None:
    """Fill the cart and order it: what is ordered leaves it, and nothing else does."""
    buyer = run.floor.buyers[1 + how.share % 2]
    cart = run.act(lambda: orders.cart_for(actor=buyer.actor))
    assert cart is not None
    for line in _lines(run, how):
        run.act(
            lambda line=line: orders.add_to_cart(  # type: ignore[misc]
                actor=buyer.actor,
                cart=cart,
                variant_id=line.variant_id,
                quantity=line.quantity,
                offer_id=line.offer_id,
            )
        )
    lines = [
        orders.WantedLine(item.variant_id, item.quantity, offer_id=item.offer_id)
        for item in cart.items.order_by("id")
    ]
    if not lines or look(run, buyer, lines) is None:
        return
    placed = run.act(lambda: place(buyer, lines, cart=cart.token))
    assert Cart.objects.get(pk=cart.pk).items.exists() == (placed is None)
    cart.items.all().delete()


def agrees_to_another_total(run: Run, how: How) -> None:
    """A total that is not the price is refused, and nothing is written."""
    buyer = run.floor.buyers[how.share % 3]
    lines = _lines(run, how)
    quote = look(run, buyer, lines)
    if quote is None:
        return
    before = Checkout.objects.count()
    placed = run.act(lambda: place(buyer, lines, agreed=quote.total.amount - 1))
    assert placed is None
    assert Checkout.objects.count() == before


# -- paying ---------------------------------------------------------------------------------------


def arrives(run: Run, checkout: Checkout, ref: str, less: int = 0) -> Outcome | None:
    """Let money arrive for a checkout, under the provider's ``ref``."""
    if checkout.intent_id is None:
        return None
    intent = Intent.objects.get(pk=checkout.intent_id)
    paid = payments.Paid(
        provider_ref=f"{ref}_{intent.pk}",
        money=Money(intent.amount - less, intent.currency),
        at=run.now,
    )

    def capture() -> Outcome:
        actor = Actor.provider(intent.provider)
        return payments.capture(actor=actor, intent_id=intent.pk, paid=paid)

    came = run.act(capture)
    if came in {Outcome.CAPTURED, Outcome.ALREADY_CAPTURED}:
        run.answers_the_same(capture, Outcome.ALREADY_CAPTURED)
    return came


def money_arrives(run: Run, how: How) -> None:
    """The money of an order that waits arrives."""
    checkout = one(list(Checkout.objects.filter(state="placed").order_by("id")), how)
    if checkout is not None:
        arrives(run, checkout, "pay")


def money_arrives_strangely(run: Run, how: How) -> None:
    """Too little, a second time by another payment, or for what has ended."""
    rows = Checkout.objects.filter(intent_id__isnull=False).order_by("id")
    checkout = one(list(rows), how)
    assert checkout is not None
    assert checkout.intent_id is not None
    fresh = not Intent.objects.filter(pk=checkout.intent_id, state__in=SETTLED).exists()
    waits = fresh and checkout.state == "placed" and run.now < checkout.expires_at
    if how.yes:
        came = arrives(run, checkout, "short", less=1)
        assert came is Outcome.AMOUNT_MISMATCH or not fresh
    else:
        came = arrives(run, checkout, "pay" if fresh else "second")
        assert came is (Outcome.CAPTURED if waits else Outcome.UNPLACED) or not fresh
    before = checkout.state
    checkout.refresh_from_db()
    assert checkout.state == ("paid" if waits and not how.yes else before)


def an_order_is_given_up(run: Run, how: How) -> None:
    """Cancel before paying; a paid one is refused."""
    checkout = one(list(Checkout.objects.order_by("id")), how)
    assert checkout is not None
    run.act(
        lambda: orders.cancel_checkout(
            actor=run.actors[checkout.buyer_id],
            checkout_id=checkout.pk,
            access_token=checkout.access_token,
        )
    )


# -- a flash sale ---------------------------------------------------------------------------------


def claims_a_unit(run: Run, how: How) -> None:
    """Claim a unit of the sale; sold out is said when nothing is left."""
    buyer, sale = run.floor.buyers[1 + how.share % 2], run.floor.sale
    item = sale.items.get()
    before = Bucket.objects.get(item=item, kind="public")
    told = len(run.told)
    run.act(lambda: sales.claim(actor=buyer.actor, sale_id=sale.pk, variant_id=item.variant_id))
    if "sold_out" in run.told[told:]:
        assert before.size == before.taken, "units are left, and sold out"


def enters_a_code(run: Run, how: How) -> None:
    """Enter the sale's code: once it is somebody's, nobody else has it."""
    buyer, sale = run.floor.buyers[1 + how.share % 2], run.floor.sale
    code = run.floor.sale_codes[0]
    run.act(lambda: sales.enter_code(actor=buyer.actor, sale_id=sale.pk, code=code))


def lets_a_unit_go(run: Run, how: How) -> None:
    """Give a claimed unit back."""
    right = one(list(Right.objects.filter(state="bound").order_by("id")), how)
    assert right is not None
    run.act(lambda: sales.let_go(actor=run.actors[right.account_id], right_id=right.pk))


DEEDS: dict[Deed, tuple[str, int]] = {
    time_passes: ("", 1),
    events_are_told: ("", 1),
    goods_come_in: ("", 1),
    goods_are_carried: ("", 1),
    orders_goods: ("", 3),
    orders_a_cart: ("", 1),
    agrees_to_another_total: ("", 1),
    money_arrives: ("unpaid", 3),
    money_arrives_strangely: ("checkout", 1),
    an_order_is_given_up: ("unpaid", 1),
    claims_a_unit: ("", 1),
    enters_a_code: ("", 1),
    lets_a_unit_go: ("right", 1),
}
"""What each deed needs to be there, if anything, and how often it is chosen."""
