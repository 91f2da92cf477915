"""The payments, provider messages and refunds of a story."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from banyan.kernel.money import Money
from banyan.kernel.stories import Chapter

from .models import Chargeback, Intent, Refund
from .queries import Moment, destination_text, refunds_of, story
from .rules import Outcome, Reference

BAD = {
    "failed", "declined", "captured_unplaced", "mismatch",
    Outcome.AMOUNT_MISMATCH, Outcome.SECOND_PAYMENT, Outcome.CONTRADICTION, Outcome.UNPLACED,
    Outcome.DISPUTED,
}  # fmt: skip


def story_of(*, intents: Sequence[Intent], order_refund_ids: Collection[int]) -> list[Chapter]:
    """Return what happened to these payments; of refunds, the payment's own and those named.

    ``order_refund_ids`` are ids of the floor above. Five queries.
    """
    own = {
        refund.pk: refund
        for refund in refunds_of(intent.pk for intent in intents)
        if refund.subject_kind != "order_refund" or refund.subject_id in order_refund_ids
    }
    by_id = {intent.pk: intent for intent in intents}
    return [
        chapter
        for moment in story(intents)
        if (chapter := _chapter(moment, by_id, own)) is not None
    ]


def _chapter(
    moment: Moment, intents: dict[int, Intent], refunds: dict[int, Refund]
) -> Chapter | None:
    if moment.kind == "refund":
        refund = refunds.get(moment.subject_id)
        return _of_refund(moment, refund) if refund else None
    if moment.kind == "message":
        named = Reference.parse(moment.about)
        if named is not None and named.kind == "refund" and named.id not in refunds:
            return None
        return _of_message(moment)
    if moment.kind == "payment":
        return _of_payment(moment, intents[moment.subject_id])
    number = _("Payment attempt %(number)s") % {"number": moment.what}
    ended = {
        "captured": _("The attempt ended: paid"),
        "cancelled": _("The attempt ended: given up"),
        "abandoned": _("The attempt ended: left"),
        "declined": _("The attempt ended: declined"),
    }
    text = number if moment.kind == "attempt" else ended.get(moment.what, _("The attempt ended"))
    return Chapter(
        moment.at,
        "payment",
        text,
        moment.subject_id,
        detail=moment.detail,
        ref=moment.ref,
        tone="bad" if moment.what in BAD else "",
    )


def _of_payment(moment: Moment, intent: Intent) -> Chapter:
    known = {
        "pending": _("Payment opened at the provider"),
        "captured": _("Payment received in full"),
        "failed": _("Payment declined; it may be tried again"),
        "cancelled": _("Payment given up"),
        "expired": _("Payment ran out of time"),
        "captured_unplaced": _("Payment came too late or twice; it is sent back"),
    }
    return Chapter(
        moment.at,
        "payment",
        known.get(moment.what, moment.what),
        moment.subject_id,
        who=moment.actor,
        amount=Money(intent.amount, intent.currency),
        detail=moment.detail,
        ref=intent.provider_ref,
        row=("payment", intent.pk),
        tone="bad" if moment.what in BAD else "good" if moment.what == "captured" else "",
    )


def _of_message(moment: Moment) -> Chapter:
    repeated = ""
    if moment.repeats:
        repeated = ngettext(
            "sent once more", "sent %(n)d times more", moment.repeats
        ) % {"n": moment.repeats}  # fmt: skip
    return Chapter(
        moment.at,
        "payment",
        _("Webhook: %(kind)s") % {"kind": moment.what},
        moment.subject_id,
        who=moment.actor,
        detail=", ".join(filter(None, (outcome_text(moment.detail), repeated))),
        ref=moment.ref,
        row=("provider_message", moment.subject_id),
        tone="bad" if moment.detail in BAD else "",
    )


def outcome_text(outcome: str) -> str:
    """Return what became of a provider's message, in words."""
    known = {
        "": _("not handled yet"),
        Outcome.CAPTURED: _("early: the first word of the payment"),
        Outcome.ALREADY_CAPTURED: _("late: the payment was known already"),
        Outcome.UNPLACED: _("too late: the money is sent back"),
        Outcome.SECOND_PAYMENT: _("a second payment: it is sent back"),
        Outcome.AMOUNT_MISMATCH: _("another amount than asked: a person has to look"),
        Outcome.DECLINED: _("declined"),
        Outcome.ATTEMPT_CLOSED: _("the attempt was closed"),
        Outcome.SETTLED: _("it settled the refund or payout"),
        Outcome.ALREADY_SETTLED: _("late: it was settled already"),
        Outcome.STALE: _("about an earlier request: no effect"),
        Outcome.CONTRADICTION: _("contradicts what was told before: a person has to look"),
        Outcome.UNKNOWN_REFERENCE: _("about nothing we know: a person has to look"),
        Outcome.CHARGEBACK: _("what the payer's bank took, or gave back, is booked"),
        Outcome.DISPUTED: _("the payer's bank disputes it: a person has to answer at the provider"),
        Outcome.IGNORED: _("no effect"),
    }
    return known.get(outcome, outcome)


def _of_refund(moment: Moment, refund: Refund) -> Chapter:
    known = {
        "requested": _("Refund asked of the provider"),
        "submitted": _("The provider has taken the refund"),
        "succeeded": _("The provider has sent the money back"),
        "failed": _("The provider could not send the money back"),
        "covered": _("The payer's bank had taken the money before it was sent back"),
    }
    return Chapter(
        moment.at,
        "refund",
        known.get(moment.what, moment.what),
        moment.subject_id,
        who=moment.actor,
        amount=Money(refund.amount, refund.currency),
        detail=", ".join(filter(None, (moment.detail, destination_text(refund.destination)))),
        ref=refund.provider_ref,
        row=("payment_refund", refund.pk),
        tone={"failed": "bad", "succeeded": "good", "covered": "good"}.get(moment.what, ""),
    )


def subjects_of(
    intents: Sequence[Intent], order_refund_ids: Collection[int]
) -> dict[str, list[int]]:
    """Return what journals and audit entries of these payments are about. Two queries."""
    own = Q(subject_kind="order_refund", subject_id__in=list(order_refund_ids))
    ids = [intent.pk for intent in intents]
    refunds = Refund.objects.filter(own | ~Q(subject_kind="order_refund"), intent_id__in=ids)
    found = list(refunds.values_list("pk", flat=True))
    taken = list(Chargeback.objects.filter(intent_id__in=ids).values_list("pk", flat=True))
    return {"intent": ids, "refund": found, "payment_refund": found, "chargeback": taken}
