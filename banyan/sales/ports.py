"""What sales ask of the floors above: may this person have a unit of this sale?"""

from __future__ import annotations

from collections.abc import Callable

from banyan.kernel.actors import Actor

from .models import Sale

EntryCheck = Callable[[Actor, Sale], None]

_entering: list[EntryCheck] = []


def register_entry_check(check: EntryCheck) -> None:
    """Have ``check(actor, sale)`` asked before somebody waits for a unit or takes one.

    Only of sales that a campaign has set up (``campaign_id``), outside any transaction but for
    units that are ordered without a claim. It raises a Problem to refuse. Where it needs to know
    who it is, the sale ``asks``, and every unit is claimed first.
    """
    if check not in _entering:
        _entering.append(check)


def check_entering(actor: Actor, sale: Sale) -> None:
    """Raise the Problem of the first check that refuses somebody a sale."""
    if sale.campaign_id is None:
        return
    for check in _entering:
        check(actor, sale)
