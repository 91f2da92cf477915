"""One order's whole story: every package tells its part, here they are put in order of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from banyan.catalog import stories as stock
from banyan.catalog.rules import IN_PARCELS
from banyan.delivery import stories as deliveries
from banyan.earnings import stories as earnings
from banyan.kernel.digits import whole
from banyan.kernel.models import AuditEntry
from banyan.kernel.stories import Chapter, audit_of, in_order
from banyan.ledger import stories as books
from banyan.notify import stories as messages
from banyan.orders import stories as orders
from banyan.orders.models import Order, OrderLine, OrderRefund
from banyan.orders.notices import FAILED, SENT
from banyan.payments import stories as payments
from banyan.payments.queries import find_by_reference, intents_of
from banyan.sharing import stories as sharing


@dataclass(frozen=True, slots=True)
class Story:
    """An order and everything that happened to it, oldest first; ``siblings`` share its payment."""

    order: Order
    chapters: list[Chapter]
    siblings: list[Order]


def story_of_order(order: Order) -> Story:
    """Tell one order's story. The number of statements never grows with lines or happenings.

    What belongs to the purchase as a whole (its payments) is told; what belongs to another order
    of the same purchase (its refunds, earnings, journals) is not.
    """
    checkout = order.checkout
    lines = list(OrderLine.objects.filter(order=order).order_by("id"))
    refunds = list(OrderRefund.objects.filter(order=order).order_by("id"))
    refund_ids = [refund.pk for refund in refunds]
    intents = intents_of("checkout", checkout.pk)
    earned = earnings.story_of(order.pk)
    paid_for = payments.subjects_of(intents, refund_ids)
    about = {
        **paid_for,
        "order": [order.pk],
        "order_refund": refund_ids,
        "commission": earned.commission_ids,
    }
    chapters = [
        *_shared(lines),
        *orders.story_of(order, lines, refunds),
        *deliveries.story_of([line.pk for line in lines if line.kind not in IN_PARCELS]),
        *stock.story_of(
            variant_ids={line.variant_id for line in lines},
            references={checkout.number, order.number},
            since_id=checkout.pk,
        ),
        *payments.story_of(intents=intents, order_refund_ids=refund_ids),
        *messages.story_of(
            cause_id=checkout.pk,
            keys=[f"order.link:{checkout.pk}:", *_keys(refund_ids)],
            told_about=_told_about(checkout.buyer_id, refund_ids),
        ),
        *earned.chapters,
        *books.story_of(subjects=about, keys=earned.journal_keys),
        *_staff(audit_of({**about, "payout_batch": earned.batch_ids})),
    ]
    siblings = [each for each in orders.orders_by(checkout_ids=[checkout.pk]) if each != order]
    return Story(order, in_order(chapters), siblings)


def _shared(lines: Sequence[OrderLine]) -> list[Chapter]:
    links = {int(step["link"]) for line in lines for step in line.path}
    links |= {line.link_id for line in lines if line.link_id}
    touches = {line.touch_id for line in lines if line.touch_id}
    return sharing.story_of(link_ids=links, touch_ids=touches)


def _keys(refund_ids: Sequence[int]) -> list[str]:
    return [f"{kind}:{refund_id}:" for refund_id in refund_ids for kind in (SENT, FAILED)]


def _told_about(buyer_id: int | None, refund_ids: Sequence[int]) -> list[tuple[int, str]]:
    if buyer_id is None:
        return []
    return [(buyer_id, f"refund:{refund_id}") for refund_id in refund_ids]


def _staff(entries: Sequence[AuditEntry]) -> list[Chapter]:
    return [
        Chapter(
            entry.at,
            "staff",
            _("Staff: %(action)s") % {"action": entry.action},
            entry.pk,
            who=entry.actor_label,
            detail=entry.reason,
            row=("audit", entry.pk),
        )
        for entry in entries
    ]


def find_orders(text: str) -> list[Order]:
    """Return the orders that ``text`` may mean; newest first, at most 50 of each way. Ten queries.

    An order or purchase number, the end of a phone number, an e-mail address, what a provider
    calls a payment or refund, a share code, or the id of a commission.
    """
    text = text.strip()
    if not text:
        return []
    found = {order.pk: order for order in orders.find_orders(text)}
    named = find_by_reference(text)
    commission_id = whole(text)
    commission_order = earnings.order_of(commission_id) if commission_id is not None else None
    more = orders.orders_by(
        checkout_ids=[f.subject_id for f in named if f.subject_kind == "checkout"],
        order_refund_ids=[f.subject_id for f in named if f.subject_kind == "order_refund"],
        link_ids=sharing.links_of_code(text),
        order_ids=[commission_order] if commission_order else [],
    )
    found |= {order.pk: order for order in more}
    return sorted(found.values(), key=lambda order: -order.pk)
