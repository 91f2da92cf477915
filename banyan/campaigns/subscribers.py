"""What campaigns do when orders are paid, given up or refunded, and which orders have to wait."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from banyan.entitlements.models import PriceRight
from banyan.kernel import events
from banyan.kernel.actors import Actor
from banyan.kernel.events import Meta
from banyan.kernel.money import Money
from banyan.orders import ports
from banyan.orders.actions.payment import TooLate
from banyan.orders.events import (
    OrderCancelled,
    OrderExpired,
    OrderPaid,
    OrderReceived,
    OrderRefunded,
    OrderUnitsCancelled,
)
from banyan.orders.models import OrderLine
from banyan.orders.ports import Hold
from banyan.payments.events import PaymentUnplaced

from .actions.buying import apologise, lapse, on_paid, paid_locks
from .actions.following import follow, follow_paid, offer_paid, undo_begun, watched_orders
from .actions.news import tell_news
from .actions.seating import locks_of_seats
from .events import PlayHelped, PlayMoved
from .models import Participation
from .queries import bringing

CONSUMER, WATCH, NEWS = "campaigns.orders", "campaigns.watch", "campaigns.news"
LATE = {"too_late", TooLate.code}
"""Why a payment could not be placed, where its payer was only slow."""
US = Actor.system(CONSUMER)

events.in_transaction(OrderPaid, locks=paid_locks)(on_paid)


@events.subscribe(OrderExpired, consumer=CONSUMER)
def free_expired(event: OrderExpired, meta: Meta) -> None:
    """Give the places of an order back that ran out unpaid."""
    _free(meta.occurred_at)


@events.subscribe(OrderCancelled, consumer=CONSUMER)
def free_cancelled(event: OrderCancelled, meta: Meta) -> None:
    """Give the places of an order back that was given up."""
    _free(meta.occurred_at)


def _free(at: dt.datetime) -> None:
    gone = PriceRight.objects.filter(
        participation_id__isnull=False, state__in=["expired", "revoked"]
    )
    late = Participation.objects.filter(
        state="reserved", right_id__in=gone.values("pk"), expires_at__lte=at
    )
    lapse(actor=US, ids=list(late.values_list("id", flat=True)[:50]))


def _concerned(paid: Sequence[OrderPaid]) -> list[OrderPaid]:
    """Return those that something watches, or whose shop brings something. Two statements."""
    watched = watched_orders([event.order_id for event in paid])
    shops = {one.shop_id for one in bringing({event.shop_id for event in paid})}
    return [one for one in paid if one.order_id in watched or one.shop_id in shops]


@events.subscribe(OrderPaid, consumer=WATCH, sieve=_concerned)
def watch_paid(event: OrderPaid, meta: Meta) -> None:
    """Tell mechanics that watch orders of those who take part, and the buyer what it brings."""
    follow_paid(actor=US, order_id=event.order_id)
    offer_paid(actor=US, order_id=event.order_id, shop_id=event.shop_id)


@events.subscribe(OrderReceived, consumer=WATCH)
def watch_received(event: OrderReceived, meta: Meta) -> None:
    """Tell them that an order they follow has arrived."""
    follow(actor=US, order_id=event.order_id, hook="received")


@events.subscribe(OrderRefunded, consumer=WATCH)
def watch_refunded(event: OrderRefunded, meta: Meta) -> None:
    """Tell them that an order they follow was given back, and stop what it began."""
    undo_begun(actor=US, order_id=event.order_id)
    follow(actor=US, order_id=event.order_id, hook="refunded")


@events.subscribe(PaymentUnplaced, consumer="campaigns.late")
def apologise_late(event: PaymentUnplaced, meta: Meta) -> None:
    """Tell whoever paid for a place too late what becomes of their money."""
    if event.subject_kind == "checkout" and event.reason in LATE:
        money = Money(event.amount, event.currency)
        apologise(actor=US, checkout_id=event.subject_id, money=money)


@events.subscribe(PlayHelped, consumer=NEWS)
def tell_progress(event: PlayHelped, meta: Meta) -> None:
    """Tell how far a play has come: not in the transaction of who helped, who would wait for it."""
    tell_news(event.instance_id, nth=event.nth)


@events.subscribe(PlayMoved, consumer=NEWS)
def tell_finished(event: PlayMoved, meta: Meta) -> None:
    """Tell what there is to tell once a play is over."""
    tell_news(event.instance_id)


@events.subscribe(OrderUnitsCancelled, consumer=WATCH)
def watch_cancelled(event: OrderUnitsCancelled, meta: Meta) -> None:
    """Tell them so, too, of what cost nothing: no refund does."""
    follow(actor=US, order_id=event.order_id, hook="refunded")


def waiting_places() -> QuerySet[Participation]:
    """Return the paid places of groups that are not complete yet.

    What is bought for honour is bought either way.
    """
    rows = Participation.objects.filter(instance__ended_at=None, instance__state="forming")
    paid = rows.filter(state="in", order_id__isnull=False)
    return paid.exclude(instance__campaign__drive="honour")


def waiting_rights() -> QuerySet[Participation, int | None]:
    """Return the price rights by which such places were bought."""
    return waiting_places().values_list("right_id", flat=True)


def waiting(lines: Collection[OrderLine]) -> dict[int, Hold]:
    """Return the paid lines that must not leave before their group is complete."""
    by_right = {line.right_id: line.pk for line in lines if line.right_id}
    rows = waiting_places().filter(right_id__in=by_right)
    found = rows.values_list("right_id", "instance__campaign__title", "instance__deadline")
    return {by_right[right]: _hold(title, until) for right, title, until in found if right}


def _hold(title: str, until: dt.datetime) -> Hold:
    return Hold(_("%(title)s: the group is not complete yet") % {"title": title}, until)


ports.register_hold_check(waiting, waiting_rights)
ports.register_seats(locks_of_seats)
