"""Messages about an order."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import works_in
from banyan.kernel import clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid

from ..access import get_order_for_buyer, get_order_for_staff
from ..events import OrderNoted
from ..models import OrderNote


def write_note(*, actor: Actor, order_id: int, body: str, access_token: str = "") -> OrderNote:
    """Write a message that buyer, shop and support all see. Emits order.noted."""
    body = body.strip()
    if not 1 <= len(body) <= 1000:
        raise Invalid(fields={"body": _("Write 1 to 1000 letters.")})
    if actor.kind == "staff" and actor.has_role("support"):
        order, kind = get_order_for_staff(actor, order_id), "support"
    elif actor.id is not None and works_in(actor, _shop_of(order_id)):
        order, kind = get_order_for_staff(actor, order_id), "shop"
    else:
        order, kind = get_order_for_buyer(actor, order_id, access_token), "buyer"
    with transaction.atomic():
        note = OrderNote.objects.create(
            order=order, author_kind=kind, author_id=actor.id, body=body, created_at=clock.now()
        )
        noted = OrderNoted(
            order_id=order.pk,
            checkout_id=order.checkout_id,
            shop_id=order.shop_id,
            note_id=note.pk,
            author_kind=kind,
        )
        events.emit(noted, actor=actor)
    return note


def _shop_of(order_id: int) -> int:
    from ..models import Order

    return Order.objects.filter(pk=order_id).values_list("shop_id", flat=True).first() or 0
