"""Passing parts of a payment on to merchants' own accounts, and taking them back.

A split is a payout that names the payment it is a part of. So the platform need not hold what is
the merchants': what it owes leaves by the provider, without ever being paid to the platform's bank.
"""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import F

from banyan.kernel import audit, clock, locks
from banyan.kernel.actors import Actor, caused_by, current_cause
from banyan.kernel.locks import LockKey
from banyan.kernel.money import Money
from banyan.ledger import actions as ledger
from banyan.ledger.actions import Book
from banyan.ledger.models import Account
from banyan.ledger.rules import Entry

from .. import providers
from ..models import ConnectedAccount, Intent, Payout, PayoutReturn
from ..problems import ProviderRefused, ProviderUnreachable, RefundKeyReused, SplitTooLarge
from ..providers.base import ProviderState, Splits, Status, TakeBack
from ..queries import left_to_pass_on
from ..rules import Reference, check_delay, try_delay
from ..states import RETURN
from .books import in_transit_account, provider_account
from .payouts import split_order, splitting, write_payout
from .sending import write_final_word, write_submitted

logger = logging.getLogger(__name__)


def connect_account(
    *, actor: Actor, owner_kind: str, owner_id: int, provider: str, account: str, name: str
) -> ConnectedAccount:
    """Let an owner's own account at a provider receive what is passed on; audited, repeatable.

    Not inside a transaction: the provider is asked first. Another account takes the place of the
    one before; what is under way still goes there. Raises PayoutNotSupported, ProviderRefused,
    ProviderUnreachable. Who may connect is the caller's to know.
    """
    account = account.strip()
    splitting(provider).connect(account, name=name)
    with transaction.atomic():
        connected, _ = ConnectedAccount.objects.update_or_create(
            owner_kind=owner_kind,
            owner_id=owner_id,
            provider=provider,
            defaults={"account": account, "connected_at": clock.now()},
        )
        audit.record(
            actor=actor,
            action="payments.connect",
            subject_kind=owner_kind,
            subject_id=owner_id,
            subject_label=provider,
            detail={"account": account},
        )
    return connected


def request_split(
    *,
    actor: Actor,
    intent_id: int,
    owner: tuple[str, int],
    owed: Book,
    subject_kind: str,
    subject_id: int,
    amount: int,
    key: str,
    last: bool,
) -> Payout | None:
    """Decide to pass ``amount`` of a payment on to its ``owner``; once per ``key``.

    In the caller's transaction, which holds the locks of the payment and of ``owed``. None where
    the owner has no connected account, or the provider passes nothing on: the platform owes it
    still. Posts ``{key}`` (owed -S, payouts_in_transit +S). Raises SplitTooLarge when all splits
    together would exceed what is left of the payment. Emits payout.requested.
    """
    locks.require(LockKey("payment", intent_id))
    intent = Intent.objects.get(pk=intent_id)
    account = _account_of(owner, intent.provider)
    if account is None:
        return None
    before = Payout.objects.filter(key=key).first()
    if before is None and amount > (left := left_to_pass_on(intent)):
        raise SplitTooLarge(detail=f"{key}: {amount} of {left}")
    split = write_payout(
        actor=actor,
        provider=intent.provider,
        subject_kind=subject_kind,
        subject_id=subject_id,
        amount=Money(amount, intent.currency),
        destination={"account": account, "last": last},
        key=key,
        payment_ref=intent.provider_ref,
    )
    if before is None:
        transit = in_transit_account(intent.currency)
        _post(actor, key, "payout.requested", split, (owed.pk, -amount), (transit.pk, amount))
    return split


def _account_of(owner: tuple[str, int], provider: str) -> str | None:
    kind, owner_id = owner
    connected = ConnectedAccount.objects.filter(
        owner_kind=kind, owner_id=owner_id, provider=provider
    )
    return connected.values_list("account", flat=True).first()


def request_return(
    *, actor: Actor, payout_id: int, credit: Book, amount: int, key: str
) -> PayoutReturn:
    """Decide to take ``amount`` of a split back, for the ledger account ``credit``; once per key.

    In the caller's transaction. Reserves it by one conditional statement, so that never more is
    taken back than was passed on. Sent once the split has arrived. Raises SplitTooLarge.
    """
    before = PayoutReturn.objects.filter(key=key).first()
    if before is not None:
        if (before.payout_id, before.amount) != (payout_id, amount):
            raise RefundKeyReused(detail=key)
        return before
    room = Payout.objects.filter(pk=payout_id, returned_amount__lte=F("amount") - amount)
    open_ones = room.exclude(state="failed").exclude(payment_ref="")
    if amount <= 0 or not open_ones.update(returned_amount=F("returned_amount") + amount):
        raise SplitTooLarge(detail=f"{key}: {amount}")
    split, now = Payout.objects.get(pk=payout_id), clock.now()
    return PayoutReturn.objects.create(
        payout=split,
        amount=amount,
        currency=split.currency,
        credit_account_id=credit.pk,
        key=key,
        created_at=now,
        next_attempt_at=now,
        cause_id=current_cause() or split.cause_id,
    )


def submit_return(*, actor: Actor, return_id: int) -> PayoutReturn:
    """Ask the provider to take money back, once its split has arrived; repeatable.

    Not inside a transaction. Each try moves ``next_attempt_at`` on.
    """
    back = PayoutReturn.objects.select_related("payout").get(pk=return_id)
    now = clock.now()
    claimed = PayoutReturn.objects.filter(
        pk=return_id, state="requested", attempts=back.attempts, next_attempt_at__lte=now
    ).update(attempts=F("attempts") + 1, next_attempt_at=now + try_delay(back.attempts))
    if claimed and back.payout.state == "failed":
        # Nothing was passed on: whoever asked has booked the split back.
        settle_return(actor=actor, return_id=return_id, succeeded=False, failure="split_failed")
    elif claimed and back.payout.state == "paid":
        with caused_by(back.cause_id):
            _submit(actor, back)
    back.refresh_from_db()
    return back


def _submit(actor: Actor, back: PayoutReturn) -> None:
    try:
        state = splitting(back.payout.provider).take_back(_take_back(back))
    except ProviderUnreachable as error:
        logger.warning("return %s waits for its provider: %s", back.pk, error)
        return
    except ProviderRefused as refusal:
        settle_return(actor=actor, return_id=back.pk, succeeded=False, failure=refusal.reason)
        return
    _act_on(actor, back, state)


def poll_return(*, actor: Actor, return_id: int) -> PayoutReturn:
    """Ask the provider how a submitted return stands; not inside a transaction."""
    back = PayoutReturn.objects.select_related("payout").get(pk=return_id)
    if back.state != "submitted":
        return back
    PayoutReturn.objects.filter(pk=return_id, state="submitted").update(
        attempts=F("attempts") + 1, next_attempt_at=clock.now() + check_delay(back.attempts)
    )
    with caused_by(back.cause_id):
        _act_on(actor, back, splitting(back.payout.provider).query_take_back(_take_back(back)))
    back.refresh_from_db()
    return back


def _act_on(actor: Actor, back: PayoutReturn, state: ProviderState) -> None:
    if state.status != Status.PENDING:
        settle_return(
            actor=actor,
            return_id=back.pk,
            succeeded=state.status == Status.SUCCEEDED,
            provider_ref=state.provider_ref,
            failure=state.failure,
        )
        return
    with transaction.atomic():
        fresh = PayoutReturn.objects.select_for_update(no_key=True).get(pk=back.pk)
        if fresh.state == "requested":
            write_submitted(RETURN, fresh, actor=actor, state=state)


def settle_return(
    *, actor: Actor, return_id: int, succeeded: bool, provider_ref: str = "", failure: str = ""
) -> None:
    """Write the provider's final word on a return; once. Outermost.

    Success posts ``return:{id}:returned`` (provider -R, whoever had been paid +R). A failure frees
    the amount and alerts: the merchant has the money, and owes it to the platform.
    """
    back = PayoutReturn.objects.select_related("payout").get(pk=return_id)
    source = provider_account(providers.get(back.payout.provider), None, back.currency)
    credit = Account.objects.get(pk=back.credit_account_id)
    with transaction.atomic(), caused_by(back.cause_id):
        locks.take(ledger.lock_keys([source, credit]))
        back = PayoutReturn.objects.select_for_update(no_key=True).get(pk=return_id)
        if back.state in ("paid", "failed"):
            return
        write_final_word(
            RETURN,
            back,
            "paid" if succeeded else "failed",
            actor=actor,
            provider_ref=provider_ref,
            failure=failure,
        )
        if succeeded:
            key = f"return:{back.pk}:returned"
            moved = (source.pk, -back.amount), (credit.pk, back.amount)
            _post(actor, key, "payout.returned", back, *moved)
        else:
            Payout.objects.filter(pk=back.payout_id).update(
                returned_amount=F("returned_amount") - back.amount
            )
    if not succeeded:
        logger.error("return %s failed: %s", return_id, failure)


def keep_rest(*, intent_id: int) -> None:
    """Tell the provider that nothing more of a payment is passed on; repeatable.

    Not inside a transaction. Nothing where the provider passes nothing on, or has nothing left to
    let go. Raises ProviderUnreachable, also while a part is still to be sent: tried again later.
    """
    intent = Intent.objects.get(pk=intent_id)
    adapter = providers.get(intent.provider)
    if not isinstance(adapter, Splits) or not adapter.splits():
        return
    unsent = Payout.objects.filter(
        provider=intent.provider, payment_ref=intent.provider_ref, state="requested"
    )
    if unsent.exists():
        raise ProviderUnreachable(detail=f"a part of payment {intent.pk} is still to be sent")
    try:
        adapter.keep_rest(payment_ref=intent.provider_ref, reference=f"rest-{intent.pk}")
    except ProviderRefused as refusal:
        logger.warning("the rest of payment %s is not let go: %s", intent.pk, refusal)


def _take_back(back: PayoutReturn) -> TakeBack:
    return TakeBack(
        reference=str(Reference("return", back.pk, 1)),
        split=split_order(back.payout),
        money=Money(back.amount, back.currency),
        provider_ref=back.provider_ref,
    )


def _post(
    actor: Actor, key: str, kind: str, row: Payout | PayoutReturn, *moved: tuple[int, int]
) -> None:
    ledger.post(
        key=key,
        kind=kind,
        subject_kind="payout" if isinstance(row, Payout) else "payout_return",
        subject_id=row.pk,
        entries=[Entry(account, amount) for account, amount in moved],
        currency=row.currency,
        actor=actor,
    )
