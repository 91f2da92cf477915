"""What trust holds of people: that an account shares a key with others, or trades in a circle."""

from __future__ import annotations

import datetime as dt

from banyan.kernel.personal import Erase, Kept, Person, holds, names_nobody

from .actions import forget_account, leave_circles


def _forget(person: Person) -> None:
    if person.account_id is not None:
        forget_account(account_id=person.account_id)


def _leave_circles(person: Person) -> None:
    if person.account_id is not None:
        leave_circles(account_id=person.account_id)


holds(
    "trust.Edge", Erase.DELETE,
    "Half a year (devices), one year (addresses) or two (contacts, means of payment) after it was"
    " last seen.",
    owner=("account_id",), fields=("digest",), act=_forget,
    kept=Kept(dt.timedelta(0), ("expires_at",), by="trust.forget"),
)  # fmt: skip
holds(
    "trust.Joined", Erase.DELETE, "As long as an edge joins it.", about=("account_id",), act=_forget
)  # fmt: skip
holds(
    "trust.CircleMember", Erase.DELETE,
    "As long as the commissions that it rests on: why they were held.", about=("account_id",),
    act=_leave_circles,
)  # fmt: skip
names_nobody("trust.Circle", "trust.LookBack")
