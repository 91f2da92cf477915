"""Deeds of the market's floor above orders: own prices, and groups that form, fill up or fail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

from django.db.models import QuerySet

from banyan.catalog.models import Variant
from banyan.catalog.rules import IN_PARCELS
from banyan.entitlements import actions as entitlements
from banyan.entitlements.models import PriceRight
from banyan.kernel import clock
from banyan.kernel.ids import new_code
from banyan.kernel.money import Money
from banyan.orders import actions as orders
from banyan.orders.models import OrderLine
from banyan.orders.ports import Hold
from tests.properties.commerce_buying import arrives, look, place
from tests.properties.commerce_floor import SYSTEM
from tests.properties.commerce_run import Deed, How, Run, one

FORMING = dt.timedelta(minutes=30)


def forming(lines: Collection[OrderLine]) -> Mapping[int, Hold]:
    """Keep lines back for half an hour, as a group does that is not complete."""
    since = clock.now() - FORMING
    rows = OrderLine.objects.filter(pk__in=[line.pk for line in lines], order__created_at__gt=since)
    placed = rows.values_list("pk", "order__created_at")
    return {pk: Hold("The group forms", at + FORMING) for pk, at in placed}


def rights_forming() -> QuerySet[OrderLine, int | None]:
    """Return the rights by which such lines were bought."""
    rows = OrderLine.objects.filter(order__created_at__gt=clock.now() - FORMING)
    return rows.values_list("right_id", flat=True)


def a_price_is_promised(run: Run, how: How) -> None:
    """A member gets a price of their own: down to nothing, or dearer; alone or in a group."""
    buyer, ware = run.floor.buyers[1 + how.share % 2], one(run.floor.wares, how)
    assert ware is not None
    assert buyer.actor.id is not None
    item = Variant.objects.get(pk=ware.variant_id)
    wanted = entitlements.RightInput(
        account_id=buyer.actor.id,
        variant_id=item.pk,
        price=Money(item.price_amount * how.share // 100, item.currency),
        title="Ours",
        quantity=how.n,
        funded_by="platform" if how.yes else "shop",
        instance_id=how.number + 1 if how.also else None,
        expires_at=run.now + dt.timedelta(minutes=10 if how.n == 1 else 6000),
    )
    run.act(lambda: entitlements.grant_price_rights(actor=SYSTEM, wanted=[wanted]))


def _own(how: How) -> PriceRight | None:
    return one(list(PriceRight.objects.filter(state="held").order_by("id")), how)


def a_promise_is_taken_back(run: Run, how: How) -> None:
    """A held price is revoked, once."""
    right = _own(how)
    assert right is not None
    ids = [right.pk]
    run.act(lambda: entitlements.revoke_price_rights(actor=SYSTEM, right_ids=ids))
    run.answers_the_same(lambda: entitlements.revoke_price_rights(actor=SYSTEM, right_ids=ids), [])


def orders_at_an_own_price(run: Run, how: How) -> None:
    """Order some units at a price of one's own: it counts where it covers them and is less."""
    right = _own(how)
    assert right is not None
    buyer = next(each for each in run.floor.buyers if each.actor.id == right.account_id)
    quote = look(run, buyer, [orders.WantedLine(right.variant_id, how.n)])
    if quote is None:
        return
    used = quote.by_right().get(right.variant_id)
    in_time = run.now < right.expires_at and how.n <= right.quantity
    assert (
        not in_time
        or quote.priced.lines[0].unit_amount <= right.amount
        or (quote.prices[right.variant_id][0].amount <= right.amount)
    )
    placed = run.act(lambda: place(buyer, quote.lines, agreed=quote.total.amount))
    if placed is None:
        return
    line = OrderLine.objects.get(order__checkout=placed)
    assert line.right_id == (used.right_id if used else None)
    if how.yes:
        arrives(run, placed, "pay")


def a_group_is_complete(run: Run, how: How) -> None:
    """Hand over what waited and waits no more; twice is once."""
    loose = OrderLine.objects.exclude(kind__in=IN_PARCELS).order_by("order_id")
    ids = list(loose.values_list("order_id", flat=True))
    run.act(lambda: orders.release_hold(actor=SYSTEM, order_ids=ids))
    run.answers_the_same(lambda: orders.release_hold(actor=SYSTEM, order_ids=ids), [])


def a_group_fails(run: Run, how: How) -> None:
    """An order of which nothing left is paid back in full; another stays as it is."""
    order = run.order(how)
    if order is None:
        return
    left = run.act(lambda: orders.undo_orders(actor=SYSTEM, order_ids=[order.pk], reason="Nobody"))
    order.refresh_from_db()
    assert left is not None
    assert (order.state == "closed") is (left == {})


def a_price_falls(run: Run, how: How) -> None:
    """A part of a line's price goes back, and all its units stay bought."""
    order = run.order(how)
    if order is None:
        return
    line = one(list(order.lines.order_by("id")), how)
    assert line is not None
    amount, key = (line.paid_amount - line.refunded_amount) * how.share // 200, new_code(80)

    def lower() -> int:
        return orders.give_back_difference(
            actor=SYSTEM, order_line_id=line.pk, amount=amount, key=key, reason="A rung"
        ).pk

    done = run.act(lower)
    if done is not None:
        run.answers_the_same(lower, done)
        kept = OrderLine.objects.get(pk=line.pk)
        assert (kept.to_ship, kept.refunded_quantity) == (line.to_ship, line.refunded_quantity)


DEEDS: dict[Deed, tuple[str, int]] = {
    a_price_is_promised: ("", 1),
    a_promise_is_taken_back: ("own", 1),
    orders_at_an_own_price: ("own", 4),
    a_group_is_complete: ("waits", 2),
    a_group_fails: ("order", 1),
    a_price_falls: ("order", 1),
}
"""What each deed needs to be there, if anything, and how often it is chosen."""
