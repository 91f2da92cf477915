"""What refunds and payouts have in common: a provider carries the money and has the last word."""

from __future__ import annotations

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.states import Machine, transition

from ..models import Payout, PayoutReturn, Refund
from ..providers.base import ProviderState
from ..rules import check_delay


def write_submitted(
    machine: Machine, sent: Refund | Payout | PayoutReturn, *, actor: Actor, state: ProviderState
) -> None:
    """Write that the provider has it and will tell; the first check is due after a while.

    Needs a transaction that holds the row.
    """
    transition(
        machine,
        sent,
        "submitted",
        actor=actor,
        provider_ref=state.provider_ref,
        attempts=0,
        next_attempt_at=clock.now() + check_delay(0),
    )


def write_final_word(
    machine: Machine,
    sent: Refund | Payout | PayoutReturn,
    to: str,
    *,
    actor: Actor,
    provider_ref: str,
    failure: str,
) -> None:
    """Write how it ended; nobody asks the provider again. Needs a transaction that holds the row.

    The provider's reference is kept where its last word names none.
    """
    transition(
        machine,
        sent,
        to,
        actor=actor,
        reason=failure,
        provider_ref=provider_ref or sent.provider_ref,
        failure=failure[:200],
        next_attempt_at=None,
        settled_at=clock.now(),
    )
