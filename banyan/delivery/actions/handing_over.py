"""What a payment hands over, inside its transaction, and what a refund takes back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from banyan.catalog.models import Variant
from banyan.kernel import clock, events
from banyan.kernel.actors import Actor, current_cause
from banyan.kernel.keyrings import Ring, seal
from banyan.kernel.problems import Conflict, IllegalTransition
from banyan.kernel.states import transition

from ..events import FellShort, HandedOver
from ..models import Grant, Shortfall, Terms, Voucher
from ..rules import Validity, digest_of, new_voucher_code, units_refunded
from ..states import VOUCHER
from .keys import match_stock, take_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidLine:
    """A line that was just paid and needs no parcel."""

    line_id: int
    order_id: int
    shop_id: int
    variant_id: int
    quantity: int
    title: str


def hand_over(*, actor: Actor, lines: Sequence[PaidLine]) -> dict[int, int]:
    """Give paid lines their keys, files and vouchers; returns units handed over, by line.

    In the paying transaction, with the variants' stock locked. What is missing (a key, or the
    terms themselves) becomes a Shortfall. Emits delivery.handed_over, delivery.fell_short, per
    order. Showing and mailing come later, from these rows, as often as wanted.
    """
    if not lines:
        return {}
    terms = _terms_of(line.variant_id for line in lines)
    done = {line.line_id: _hand_over(terms.get(line.variant_id), line) for line in lines}
    short = [line for line in lines if done[line.line_id] < line.quantity]
    now = clock.now()
    Shortfall.objects.bulk_create(
        Shortfall(
            line_id=line.line_id,
            order_id=line.order_id,
            variant_id=line.variant_id,
            missing=line.quantity - done[line.line_id],
            created_at=now,
        )
        for line in short
    )
    for order_id, shop_id in _orders(short):
        events.emit(FellShort(order_id=order_id, shop_id=shop_id), actor=actor)
    for order_id, shop_id in _orders(lines):
        events.emit(HandedOver(order_id=order_id, shop_id=shop_id), actor=actor)
    return done


def settle_pools(variant_ids: Iterable[int]) -> None:
    """Let the stock of pools that fell short say so; after the units were taken off the shelf."""
    match_stock(
        variant_id for variant_id, terms in _terms_of(variant_ids).items() if terms.way == "keys"
    )


def _orders(lines: Iterable[PaidLine]) -> list[tuple[int, int]]:
    return sorted({(line.order_id, line.shop_id) for line in lines})


def _terms_of(variant_ids: Iterable[int]) -> dict[int, Terms]:
    """Return the terms by variant. Two statements at most."""
    products: dict[int, int] = dict(
        Variant.objects.filter(pk__in=set(variant_ids)).values_list("id", "product_id")
    )
    found = Terms.objects.in_bulk(set(products.values()))
    return {
        variant_id: found[product_id]
        for variant_id, product_id in products.items()
        if product_id in found
    }


def _hand_over(terms: Terms | None, line: PaidLine) -> int:
    if terms is None:
        return 0
    if terms.way == "keys":
        return take_keys(variant_id=line.variant_id, line_id=line.line_id, n=line.quantity)
    if terms.way == "file":
        return _grant(terms, line)
    return _issue(terms, line)


def _grant(terms: Terms, line: PaidLine) -> int:
    Grant.objects.create(
        product_id=terms.pk,
        line_id=line.line_id,
        allowed=terms.downloads * line.quantity,
        created_at=clock.now(),
    )
    return line.quantity


def _issue(terms: Terms, line: PaidLine) -> int:
    now = clock.now()
    start, end = Validity(terms.valid_from, terms.valid_until, terms.valid_days).window(now)
    if end is not None and end <= now:
        return 0  # it ended between the order and the payment
    codes = [new_voucher_code() for _ in range(line.quantity)]
    Voucher.objects.bulk_create(
        Voucher(
            shop_id=line.shop_id,
            variant_id=line.variant_id,
            line_id=line.line_id,
            order_id=line.order_id,
            number=number,
            title=line.title,
            places=terms.places,
            digest=digest_of(code),
            sealed=seal(Ring.DELIVERY, code.encode()),
            valid_from=start,
            valid_until=end,
            issued_at=now,
            cause_id=current_cause(),
        )
        for number, code in enumerate(codes, start=1)
    )
    return len(codes)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundedLine:
    """A line as a refund leaves it: amounts in minor units, of the whole line."""

    line_id: int
    quantity: int
    paid: int
    refunded: int


def check_returnable(lines: Sequence[RefundedLine]) -> None:
    """Refuse a buyer's wish for money of vouchers that were used: Conflict ``voucher_redeemed``.

    ``refunded`` is what would be refunded then. Staff may still give it.
    """
    used = _vouchers(lines).filter(state="redeemed")
    redeemed: dict[int, int] = {}
    for line_id in used.values_list("line_id", flat=True):
        redeemed[line_id] = redeemed.get(line_id, 0) + 1
    for line in lines:
        kept = line.paid * redeemed.get(line.line_id, 0) // line.quantity
        if line.refunded > line.paid - kept:
            raise Conflict(
                _("A voucher of this order was used already. Please write to the shop."),
                code="voucher_redeemed",
            )


def take_back(*, actor: Actor, lines: Sequence[RefundedLine]) -> dict[int, int]:
    """Void what was refunded, in the refunding transaction, with the order locked.

    As many unused vouchers of a line as whole units were refunded become ``refunded``; a line
    refunded in whole loses its downloads. Keys that were shown stay as they are. Returns how many
    vouchers were voided, by line. Raises Conflict ``voucher_redeemed`` when one was used at this
    instant: then nothing is refunded, and whoever decides looks again.
    """
    whole = [line.line_id for line in lines if line.refunded >= line.paid]
    Grant.objects.filter(line_id__in=whole, closed_at=None).update(closed_at=clock.now())
    wanted = {
        line.line_id: units_refunded(quantity=line.quantity, paid=line.paid, refunded=line.refunded)
        for line in lines
    }
    voided = _vouchers(lines).filter(state="refunded").values_list("line_id", flat=True)
    for line_id in voided:
        wanted[line_id] -= 1
    done: dict[int, int] = {}
    # The last ones first: holders use the first ones.
    for voucher in _vouchers(lines).filter(state__in=["issued", "expired"]).order_by("-number"):
        if wanted[voucher.line_id] <= 0:
            continue
        try:
            transition(VOUCHER, voucher, "refunded", actor=actor, reason="refund")
        except IllegalTransition as error:
            raise Conflict(
                _("A voucher of this order was used just now. Please look again."),
                code="voucher_redeemed",
            ) from error
        wanted[voucher.line_id] -= 1
        done[voucher.line_id] = done.get(voucher.line_id, 0) + 1
    return done


def _vouchers(lines: Sequence[RefundedLine]) -> QuerySet[Voucher]:
    return Voucher.objects.filter(line_id__in=[line.line_id for line in lines])
