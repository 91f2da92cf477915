"""What finance says of payouts by hand: it was sent, it could not be, or it came back."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from banyan.kernel import audit
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Invalid

from .. import providers
from ..access import get_payout_for
from ..models import Payout
from ..problems import PayoutNotSupported
from ..rules import Outcome
from .payouts import return_payout, settle_payout

LONGEST_REFERENCE = 80


def say_sent(*, actor: Actor, payout_id: int, bank_ref: str, reason: str) -> Payout:
    """Finance has paid: the payout is paid, once, under the bank's reference. Audited.

    Posts and emits what :func:`settle_payout` does. Repeatable. Raises Invalid ``bank_ref``,
    PayoutNotSupported for what a provider sends, Conflict ``payout_settled`` when it was said not
    to have been sent.
    """
    ref = check_bank_ref(bank_ref)
    return _say(
        actor, payout_id, "payout.sent", reason, succeeded=True, provider_ref=ref, failure=""
    )


def check_bank_ref(bank_ref: str) -> str:
    """Return the reference under which a bank knows a transfer; Invalid ``bank_ref`` for none."""
    bank_ref = bank_ref.strip()
    if not (0 < len(bank_ref) <= LONGEST_REFERENCE and bank_ref.isprintable()):
        raise Invalid(fields={"bank_ref": _("Enter the bank's reference: 1 to 80 letters.")})
    return bank_ref


def say_not_sent(*, actor: Actor, payout_id: int, reason: str) -> Payout:
    """Finance could not pay: the payout has failed, once, and its money is payable again. Audited.

    Emits what :func:`settle_payout` does. Repeatable. Raises Invalid without a reason,
    PayoutNotSupported for what a provider sends, Conflict ``payout_settled`` when it was said to
    have been sent.
    """
    reason = reason.strip()
    if not reason:
        raise Invalid(fields={"reason": _("Say why it could not be sent.")})
    return _say(
        actor,
        payout_id,
        "payout.not_sent",
        reason,
        succeeded=False,
        provider_ref="",
        failure=reason[:200],
    )


def say_returned(*, actor: Actor, payout_id: int, reason: str) -> Payout:
    """The payee's bank has sent it back after it had left: payable again, once. Audited.

    Posts and emits what :func:`return_payout` does. Repeatable. Raises Invalid without a reason,
    PayoutNotSupported for what a provider sends, Conflict ``payout_not_sent`` for what nobody has
    said to have been sent.
    """
    reason = reason.strip()
    if not reason:
        raise Invalid(fields={"reason": _("Say why it came back.")})
    payout = _by_hand(actor, payout_id)
    with transaction.atomic():
        if return_payout(actor=actor, payout_id=payout.pk, reason=reason[:200]):
            _note(actor, payout, "payout.returned", reason)
    payout.refresh_from_db()
    return payout


def _by_hand(actor: Actor, payout_id: int) -> Payout:
    payout = get_payout_for(actor, payout_id)
    if not providers.is_by_hand(payout.provider):
        raise PayoutNotSupported(detail=f"{payout.provider} says itself how it went")
    return payout


def _say(
    actor: Actor,
    payout_id: int,
    act: str,
    reason: str,
    *,
    succeeded: bool,
    provider_ref: str,
    failure: str,
) -> Payout:
    payout = _by_hand(actor, payout_id)
    with transaction.atomic():
        outcome = settle_payout(
            actor=actor,
            payout_id=payout.pk,
            succeeded=succeeded,
            provider_ref=provider_ref,
            failure=failure,
        )
        if outcome is Outcome.CONTRADICTION:
            raise Conflict(
                _("Somebody has said already how this payout went."), code="payout_settled"
            )
        if outcome is Outcome.SETTLED:
            _note(actor, payout, act, reason, provider_ref)
    payout.refresh_from_db()
    return payout


def _note(actor: Actor, payout: Payout, act: str, reason: str, bank_ref: str = "") -> None:
    audit.record(
        actor=actor,
        action=act,
        subject_kind="payout",
        subject_id=payout.pk,
        subject_label=bank_ref or payout.provider_ref,
        reason=reason,
    )
