"""Handles that were given up: they lead on, and are nobody else's, for 90 days.

Whoever takes a handle writes it into the account's row first and looks here afterwards: the unique
index of handles makes them wait for who is just giving it up, so that the look sees what that one
left. Looking first would miss it.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock
from banyan.kernel.problems import Invalid

from ..models import Account, FormerHandle
from ..rules.handles import KEPT, MOST_KEPT


def handle_taken() -> Invalid:
    """Return the refusal of a handle that is somebody else's."""
    return Invalid(code="handle_taken", fields={"handle": _("This name is taken already.")})


def require_free(account: Account) -> None:
    """Raise Invalid ``handle_taken`` if the account's handle is kept for another one.

    In the caller's transaction, after the account's row has the handle.
    """
    kept = FormerHandle.objects.filter(
        handle=account.handle.lower(), left_at__gte=clock.now() - KEPT
    )
    if kept.exclude(account=account).exists():
        raise handle_taken()


def keep_former(account: Account, *, before: str) -> None:
    """Keep a handle for the account that gave it up, and no longer keep the one it took back.

    In the caller's transaction, after the account's row has its new handle, which is held by that.
    Raises Invalid ``handles_full`` when ten are kept already.
    """
    now, low = clock.now(), before.lower()
    if low == account.handle.lower():
        return
    mine = FormerHandle.objects.filter(account=account)
    mine.filter(handle=account.handle.lower()).delete()
    if mine.filter(left_at__gte=now - KEPT).count() >= MOST_KEPT:
        told = _("You gave up ten names in 90 days. Take one of them back, or wait.")
        raise Invalid(code="handles_full", fields={"handle": told})
    FormerHandle.objects.bulk_create(
        [FormerHandle(handle=low, account=account, left_at=now)],
        update_conflicts=True,
        unique_fields=["handle"],
        update_fields=["account", "left_at"],
    )
