"""Comparing a provider's own bill with what we booked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from django.db import transaction
from django.db.models import Q, QuerySet

from banyan.kernel import audit
from banyan.kernel.actors import Actor
from banyan.kernel.models import StateChange
from banyan.kernel.money import Money

from .. import providers
from ..models import Attempt, ChargebackMove, Intent, Refund
from ..problems import ProviderUnknown
from ..providers.bills import BillLine
from ..rules import SETTLED, TO_WALLET, Reference
from ..states import REFUND

MOST_TOLD = 200  # differences that the audit log keeps; the answer has all


@runtime_checkable
class BillingProvider(Protocol):
    """A provider that gives bills by day.

    Its days begin and end in the time zone ``bill_zone`` of its class, UTC where there is none.
    """

    def bill(self, day: dt.date) -> Sequence[BillLine]:
        """Return the payments and refunds of a day; empty when there were none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing on which the bill and our books do not agree.

    ``kind``: missing_here (the bill has it, we have not booked it), missing_there (we booked it,
    the bill has it not), amount. ``here`` and ``there`` are the amounts, None where it is missing.
    """

    kind: Literal["missing_here", "missing_there", "amount"]
    about: Literal["payment", "refund", "chargeback"]
    reference: str
    provider_ref: str
    here: Money | None = None
    there: Money | None = None

    def __str__(self) -> str:
        amounts = f"here {self.here or '-'}, there {self.there or '-'}"
        return f"{self.kind} {self.about} {self.reference or self.provider_ref}: {amounts}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """What came of comparing a day: ``lines`` in the bill, ``fees`` in it by currency."""

    provider: str
    day: dt.date
    lines: int
    fees: Mapping[str, Money]
    differences: tuple[Difference, ...]

    @property
    def clean(self) -> bool:
        """Tell whether bill and books agree."""
        return not self.differences


@dataclass(frozen=True, slots=True)
class _Booked:
    """What we booked; ``about`` and ``name`` are the same for the same one."""

    about: Literal["payment", "refund", "chargeback"]
    name: str
    money: Money
    reference: str
    provider_ref: str


def reconcile(*, actor: Actor, provider: str, day: dt.date) -> Reconciliation:
    """Compare a provider's bill of ``day`` (its own day) with our payments, refunds, chargebacks.

    Every line of the bill is looked for in our books, whenever we booked it; everything that we
    booked as of that day is looked for in the bill. Posts no money and mends nothing; writes one
    audit entry ``payments.reconcile``. Repeatable; not inside a transaction, since the provider
    is asked. Raises ProviderUnknown when it is not enabled or gives no bills, and what ``bill``
    raises. The number of statements does not grow with the bill.
    """
    adapter = providers.get(provider)
    if not isinstance(adapter, BillingProvider):
        raise ProviderUnknown(detail=f"{provider} gives no bills")
    lines = adapter.bill(day)
    zone: dt.tzinfo = getattr(adapter, "bill_zone", dt.UTC)
    start = dt.datetime.combine(day, dt.time(), tzinfo=zone)
    end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), tzinfo=zone)
    differences = [
        *_compare(
            [line for line in lines if line.kind == "payment"],
            _payments_by_reference(provider, lines),
            _payments_of(provider, start, end),
        ),
        *_compare(
            [line for line in lines if line.kind == "refund"],
            _refunds_by_reference(provider, lines),
            _refunds_of(provider, start, end),
        ),
        *_compare(
            [line for line in lines if line.kind == "chargeback"],
            _moves_by_number(provider, lines),
            _moves_of(provider, start, end),
        ),
    ]
    result = Reconciliation(
        provider=provider,
        day=day,
        lines=len(lines),
        fees=_fees(lines),
        differences=tuple(differences),
    )
    _record(actor, result)
    return result


def _compare(
    lines: Iterable[BillLine], known: Mapping[str, _Booked], of_the_day: Iterable[_Booked]
) -> Iterable[Difference]:
    """Yield the differences; ``known`` has our bookings by the names that bills use for them."""
    seen: set[tuple[str, str]] = set()
    for line in lines:
        booked = known.get(line.reference) or known.get(line.provider_ref)
        if (
            booked is None or (booked.about, booked.name) in seen
        ):  # a second line is money that we know nothing of
            yield _difference("missing_here", line, None)
            continue
        seen.add((booked.about, booked.name))
        if booked.money != line.money:
            yield _difference("amount", line, booked.money)
    for booked in of_the_day:
        if (booked.about, booked.name) not in seen:
            yield Difference(
                kind="missing_there",
                about=booked.about,
                reference=booked.reference,
                provider_ref=booked.provider_ref,
                here=booked.money,
            )


def _difference(
    kind: Literal["missing_here", "amount"], line: BillLine, here: Money | None
) -> Difference:
    return Difference(
        kind=kind,
        about=line.kind,
        reference=line.reference,
        provider_ref=line.provider_ref,
        here=here,
        there=line.money,
    )


def _payments_by_reference(provider: str, lines: Iterable[BillLine]) -> dict[str, _Booked]:
    """Return the booked payments that the lines speak of, by our reference and by the provider's.

    A second payment of one purchase is booked as an intent of its own, so an attempt leads to its
    booking by the provider's reference and not by its own intent.
    """
    paid = [line for line in lines if line.kind == "payment"]
    names = {line.reference: Reference.parse(line.reference) for line in paid}
    ids = {name.id for name in names.values() if name is not None and name.kind == "pay"}
    tried = {
        str(Reference("pay", intent_id, number)): ref
        for intent_id, number, ref in Attempt.objects.filter(
            intent_id__in=ids, intent__provider=provider
        ).values_list("intent_id", "number", "provider_ref")
        if ref
    }
    refs = {*tried.values(), *(line.provider_ref for line in paid if line.provider_ref)}
    settled = Intent.objects.filter(
        provider=provider, state__in=SETTLED, provider_ref__in=refs
    ).only("provider_ref", "captured_amount", "currency")
    booked = {intent.provider_ref: _payment(intent) for intent in settled}
    by_name = {name: booked[ref] for name, ref in tried.items() if ref in booked}
    return booked | by_name


def _payments_of(provider: str, start: dt.datetime, end: dt.datetime) -> list[_Booked]:
    captured = Intent.objects.filter(
        provider=provider, state__in=SETTLED, captured_at__gte=start, captured_at__lt=end
    )
    return [_payment(intent) for intent in captured.order_by("captured_at", "id")]


def _payment(intent: Intent) -> _Booked:
    money = Money(intent.captured_amount, intent.currency)
    return _Booked("payment", intent.provider_ref, money, "", intent.provider_ref)


def _refunds_by_reference(provider: str, lines: Iterable[BillLine]) -> dict[str, _Booked]:
    """Return what we hold for sent, by the request it was sent with and the provider's number."""
    names = [Reference.parse(line.reference) for line in lines if line.kind == "refund"]
    ids = {name.id for name in names if name is not None and name.kind == "refund"}
    refs = {line.provider_ref for line in lines if line.kind == "refund" and line.provider_ref}
    ours = _sent(provider)
    # Two statements rather than an OR, which no index serves.
    found = [*ours.filter(pk__in=ids), *ours.filter(provider_ref__in=refs)]
    booked = [_refund(refund) for refund in found]
    by_number = {one.provider_ref: one for one in booked if one.provider_ref}
    return by_number | {one.reference: one for one in booked}


def _refunds_of(provider: str, start: dt.datetime, end: dt.datetime) -> list[_Booked]:
    """Return the refunds that the provider took on in [start, end)."""
    then = Q(settled_at__isnull=True) | Q(settled_at__gte=start)
    could = list(_sent(provider).filter(then, created_at__lt=end).order_by("id"))
    taken = _taken_on([refund.pk for refund in could])
    return [_refund(one) for one in could if start <= taken.get(one.pk, one.created_at) < end]


def _taken_on(refund_ids: Sequence[int]) -> dict[int, dt.datetime]:
    """Return when the provider took on the request that counts: the latest of each refund."""
    moves = StateChange.objects.filter(machine=REFUND.name, subject_id__in=refund_ids)
    taken: dict[int, dt.datetime] = {}
    for refund_id, target, at in moves.order_by("id").values_list("subject_id", "target", "at"):
        if target == "requested":
            taken.pop(refund_id, None)
        elif target in ("submitted", "succeeded"):
            taken.setdefault(refund_id, at)
    return taken


def _sent(provider: str) -> QuerySet[Refund]:
    """Return what went out by the provider itself, not as credit here."""
    return Refund.objects.filter(
        intent__provider=provider, state__in=("submitted", "succeeded")
    ).exclude(destination=TO_WALLET)


def _refund(refund: Refund) -> _Booked:
    reference = str(Reference("refund", refund.pk, refund.sequence))
    money = Money(refund.amount, refund.currency)
    return _Booked("refund", reference, money, reference, refund.provider_ref)


def _moves_by_number(provider: str, lines: Iterable[BillLine]) -> dict[str, _Booked]:
    refs = {line.provider_ref for line in lines if line.kind == "chargeback"}
    moves = _moves(provider).filter(provider_ref__in=refs)
    return {move.provider_ref: _move(move) for move in moves}


def _moves_of(provider: str, start: dt.datetime, end: dt.datetime) -> list[_Booked]:
    return [_move(move) for move in _moves(provider).filter(at__gte=start, at__lt=end)]


def _moves(provider: str) -> QuerySet[ChargebackMove]:
    moves = ChargebackMove.objects.filter(chargeback__provider=provider)
    return moves.select_related("chargeback").order_by("id")


def _move(move: ChargebackMove) -> _Booked:
    money = Money(move.amount, move.chargeback.currency)
    return _Booked("chargeback", move.provider_ref, money, "", move.provider_ref)


def _fees(lines: Iterable[BillLine]) -> dict[str, Money]:
    fees: dict[str, Money] = {}
    for line in lines:
        if line.fee is not None:
            currency = line.fee.currency
            fees[currency] = fees.get(currency, Money(0, currency)) + line.fee
    return fees


def _record(actor: Actor, result: Reconciliation) -> None:
    with transaction.atomic():
        audit.record(
            actor=actor,
            action="payments.reconcile",
            subject_kind="ledger",
            subject_id=0,
            subject_label=result.provider,
            detail={
                "day": result.day.isoformat(),
                "lines": result.lines,
                "differences": [str(one) for one in result.differences[:MOST_TOLD]],
                "found": len(result.differences),
            },
        )
