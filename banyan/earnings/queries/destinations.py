"""Where a payee's money goes, as it is shown to them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from banyan.payments.destinations import mask

from ..actions.destinations import places_of_shops, told
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
    return _shown(row, told(row.sealed)) if row is not None else None


def shop_destination(shop_id: int) -> Shown | None:
    """Return where the shop's money goes, None where no owner says. Two queries."""
    row = Destination.objects.filter(shop_id=shop_id).first()
    return _shown(row, places_of_shops([shop_id]).get(shop_id)) if row is not None else None


def _shown(row: Destination, plain: dict[str, str] | None) -> Shown | None:
    if plain is None:
        return None
    return Shown(plain["name"], mask(plain["account"]), row.changed_at)
