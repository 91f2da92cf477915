"""A guest's purchases become an account's: by a verified contact, offered, logged, reversible."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import audit, clock, events, locks
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict
from banyan.kernel.states import transition

from .. import ports
from ..access import get_merge_for
from ..events import GuestMerged, GuestMergeUndone
from ..models import Account, GuestMerge
from ..rules.contacts import EMAIL, SMS
from ..states import GUEST_MERGE

REVERSIBLE = dt.timedelta(days=30)


def offer_merge(account: Account) -> list[GuestMerge]:
    """Offer what guests left under the account's verified contacts; returns the open offers.

    Nothing moves. What was declined once is offered again only when there is something newer.
    Repeatable: one open offer per contact.
    """
    offers = []
    for contact in (account.email, account.phone):
        if contact and _something_new(account, contact):
            offers.append(_offer(account, contact))
    return offers


def _something_new(account: Account, contact: str) -> bool:
    found = [purchase for _source, purchase in found_for(contact)]
    declined = (
        GuestMerge.objects.filter(
            account=account, contact=contact, state__in=["declined", "undone"]
        )
        .order_by("-decided_at")
        .values_list("decided_at", flat=True)
        .first()
    )
    return any(declined is None or purchase.at > declined for purchase in found)


def _offer(account: Account, contact: str) -> GuestMerge:
    try:
        with transaction.atomic():
            return GuestMerge.objects.get_or_create(
                account=account,
                contact=contact,
                state="offered",
                defaults={"created_at": clock.now()},
            )[0]
    except IntegrityError:
        return GuestMerge.objects.get(account=account, contact=contact, state="offered")


def found_for(contact: str) -> list[tuple[ports.GuestSource, ports.GuestPurchase]]:
    """Return what every source finds under a verified contact, newest first."""
    channel = EMAIL if "@" in contact else SMS
    found = [
        (source, purchase)
        for source in ports.guest_sources
        for purchase in source.find(channel=channel, contact=contact)
    ]
    return sorted(found, key=lambda pair: pair[1].at, reverse=True)


def accept_merge(*, actor: Actor, merge_id: int) -> GuestMerge:
    """Join to the actor's account what was offered; returns the merge with what moved.

    Only while the contact is still the account's verified one. Purchases that meanwhile belong to
    somebody stay theirs. Repeatable; two at once move everything once. Logged; undone by
    :func:`undo_merge` for 30 days. Locks: those of the sources. Emits ``account.guest_merged``.
    """
    merge = get_merge_for(actor, merge_id)
    if merge.state == "accepted":
        return merge
    account = Account.objects.get(pk=merge.account_id)
    if merge.contact not in (account.email, account.phone):
        raise Conflict(_("This contact is no longer yours."), code="contact_changed")
    found: dict[str, list[int]] = {}
    for source, purchase in found_for(merge.contact):
        found.setdefault(source.name, []).append(purchase.id)
    with transaction.atomic():
        locks.take(_locks(found))
        moved = {
            source.name: source.move(account_id=account.pk, ids=found[source.name], actor=actor)
            for source in _sources(found)
        }
        # Ids exceed what JSON numbers hold everywhere.
        stored = {name: [str(pk) for pk in ids] for name, ids in moved.items()}
        transition(
            GUEST_MERGE, merge, "accepted", actor=actor, moved=stored, decided_at=clock.now()
        )
        _log(actor, "account.merge_guest", merge)
        events.emit(GuestMerged(account_id=account.pk, merge_id=merge.pk), actor=actor)
    return merge


def decline_merge(*, actor: Actor, merge_id: int) -> None:
    """Leave the guest's purchases where they are; they stay reachable by their own links."""
    merge = get_merge_for(actor, merge_id)
    if merge.state == "declined":
        return
    with transaction.atomic():
        transition(GUEST_MERGE, merge, "declined", actor=actor, decided_at=clock.now())


def undo_merge(*, actor: Actor, merge_id: int) -> GuestMerge:
    """Take an accepted merge back within 30 days: what is still the account's is a guest's again.

    Conflict (``merge_final``) afterwards. Logged. Emits ``account.guest_merge_undone``.
    """
    merge = get_merge_for(actor, merge_id)
    if merge.state == "undone":
        return merge
    now = clock.now()
    if merge.decided_at is None or now >= merge.decided_at + REVERSIBLE:
        raise Conflict(_("A merge can be taken back for 30 days."), code="merge_final")
    moved = {name: [int(pk) for pk in ids] for name, ids in merge.moved.items()}
    with transaction.atomic():
        locks.take(_locks(moved))
        for source in _sources(moved):
            source.undo(account_id=merge.account_id, ids=moved[source.name], actor=actor)
        transition(GUEST_MERGE, merge, "undone", actor=actor, decided_at=now)
        _log(actor, "account.undo_guest_merge", merge)
        events.emit(GuestMergeUndone(account_id=merge.account_id, merge_id=merge.pk), actor=actor)
    return merge


def _sources(ids: dict[str, list[int]]) -> list[ports.GuestSource]:
    return [source for source in ports.guest_sources if ids.get(source.name)]


def _locks(ids: dict[str, list[int]]) -> Iterable[locks.LockKey]:
    return [key for source in _sources(ids) for key in source.locks(ids[source.name])]


def _log(actor: Actor, action: str, merge: GuestMerge) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject_kind="account",
        subject_id=merge.account_id,
        detail={"merge": str(merge.pk), "moved": merge.moved},
    )
