"""Where a member's earnings go, as it is shown to them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from banyan.payments.destinations import mask

from ..actions.destinations import told
from ..models import Destination


@dataclass(frozen=True, slots=True)
class Shown:
    """The name on the account, and the last four signs of the account."""

    name: str
    account: str
    changed_at: dt.datetime


def my_destination(account_id: int) -> Shown | None:
    """Return where the member's earnings go, None where nobody can tell. One query."""
    row = Destination.objects.filter(account_id=account_id).first()
    plain = told(row.sealed) if row is not None else None
    if row is None or plain is None:
        return None
    return Shown(plain["name"], mask(plain["account"]), row.changed_at)
