"""The same form again: the first order stands, and other content is refused."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from banyan.entitlements.queries import typed_code_of
from banyan.kernel.problems import IdempotencyMismatch

from ..models import Checkout, OrderLine
from ..reading import checkout_of_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a call of ``place`` asks for: ``lines`` is variant id -> quantity, ``address`` clean."""

    lines: dict[int, int]
    contact: tuple[str, str]
    address: dict[str, str]
    coupon_code: str
    agreed_total: int | None

    def again(self, before: Checkout) -> Checkout:
        """Return ``before`` if that is what is asked for; raise IdempotencyMismatch if not."""
        used = typed_code_of(before.pk) if before.coupon_id else ""
        same = (
            self.lines == _bought(before.placement_key)
            and self.contact == (before.contact_email, before.contact_phone)
            and self.address == before.address
            # A code that was not used, because others save more, is known by the total alone.
            and (not used or self.coupon_code.strip().casefold() == used.casefold())
            and self.agreed_total in (None, before.total_amount)
        )
        if not same:
            raise IdempotencyMismatch(
                _("This form has already placed an order. Nothing new was ordered."),
                detail=before.number,
            )
        return before


def placed_before(placement_key: str) -> tuple[Checkout, dict[int, int]] | None:
    """Return the checkout of a placement key and what it bought (variant id -> quantity).

    For a form that comes again after its cart was emptied: it means the same goods. Whoever has
    the key may know; it is unguessable.
    """
    before = checkout_of_key.first(placement_key)
    return None if before is None else (before, _bought(placement_key))


def _bought(placement_key: str) -> dict[int, int]:
    lines = OrderLine.objects.filter(order__checkout__placement_key=placement_key).order_by("id")
    return dict(lines.values_list("variant_id", "quantity"))
