"""Today's prices of a cart."""

from __future__ import annotations

from collections.abc import Sequence

from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.kernel.problems import Problem

from ..queries import CartLine
from ..rules import WantedLine
from .quoting import Quote, quote


def price_cart(*, actor: Actor, lines: Sequence[CartLine]) -> Quote | None:
    """Write what each line costs the actor now, and in a sale how many there are, into ``lines``.

    Return the quote of them all.

    None where nothing is on sale, or where they have no currency in common: then each keeps its
    own price. One statement.
    """
    wanted = [
        WantedLine(line.variant_id, line.quantity, offer_id=line.offer_id)
        for line in lines
        if line.problem != "gone"
    ]
    if not wanted:
        return None
    try:
        found = quote(actor=actor, lines=wanted)
    except Problem as problem:
        if problem.code not in {"mixed_currencies", "not_on_sale"}:
            raise
        return None
    priced = {line.key: line for line in found.priced.lines}
    in_sale = found.in_sale()
    for line in lines:
        if now := priced.get(line.variant_id):
            line.unit = Money(now.unit_amount, found.currency)
            line.total = Money(now.goods, found.currency)
        if sale := in_sale.get(line.variant_id):
            # Its units are the sale's: there are enough, whatever is free besides.
            line.free, line.problem = max(line.free, sale.most), ""
    return found
