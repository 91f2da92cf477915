"""The only way to standing that people see. Absent and forbidden look alike."""

from __future__ import annotations

from django.db.models import QuerySet

from banyan.catalog.access import works_in
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Forbidden, NotFound
from banyan.orders.access import get_order_for_buyer
from banyan.orders.models import OrderLine

from .models import Permit, Review


def require_moderation(actor: Actor) -> None:
    """Refuse everybody but moderation and the system itself."""
    if actor.kind != "system" and not actor.has_role("moderation"):
        raise Forbidden()


def get_permit_for_staff(actor: Actor, permit_id: int) -> Permit:
    """Return a licence or permit of a shop that the actor works in."""
    permit = Permit.objects.select_related("image").filter(pk=permit_id).first()
    if permit is None or not works_in(actor, permit.shop_id):
        raise NotFound()
    return permit


def get_line_to_review(actor: Actor, line_id: int, access_token: str = "") -> OrderLine:
    """Return a line of the buyer's own order; of what was sent in exchange, the one it replaces."""
    line = OrderLine.objects.select_related("order", "replaces__order").filter(pk=line_id).first()
    if line is None:
        raise NotFound()
    get_order_for_buyer(actor, line.order_id, access_token)
    return line.replaces or line


def visible_reviews(product_id: int) -> QuerySet[Review]:
    """Return what buyers say of a product, newest first, without what moderation hid."""
    rows = Review.objects.filter(product_id=product_id, hidden_at=None)
    return rows.select_related("author").order_by("-id")
