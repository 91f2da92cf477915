"""One share and everything that came of it: people, openings, orders, and the tree's measures.

Pages, lists and the export all read this one value, so that every number is the length or the sum
of a list that can be opened. See docs/reference/measures.md.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from banyan.kernel.money import Money
from banyan.sharing.models import Link
from banyan.sharing.queries import Opening, Scope, TreeNode, openings, tree_below

from ..rules import CascadeMeasures, Joined, Opened, measure
from .arrivals import Ordered, ordered_through, people_among
from .persons import LINKS, ORDER_JOIN, ORDER_PERSON

ROBOTS = frozenset({"bot", "preview", "prefetch"})


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A paid order line that came through ``link_id``; amounts in minor units of ``currency``.

    ``goods`` is what was paid for goods, ``refunded`` what went back (shipping included),
    ``earned`` the commissions from this line after refunds, of one payee or of all.
    """

    order_id: int
    link_id: int
    buyer: str
    paid_at: dt.datetime
    title: str
    quantity: int
    currency: str
    goods: int
    refunded: int
    earned: int


@dataclass(frozen=True, slots=True)
class Journey:
    """A link, what was shared on from it, everybody who came, and what they bought.

    ``members`` are people once each: sharers, openers whose page ran, and who ordered. ``shape``
    measures their tree. An opening adds nobody to ``members`` as a repeat, a robot, an owner's own
    look, or because its page has not proven to run.
    """

    nodes: tuple[TreeNode, ...]
    openings: tuple[Opening, ...]
    orders: tuple[Ordered, ...]
    members: dict[str, Joined]
    shape: CascadeMeasures
    sold: tuple[SoldLine, ...]

    @property
    def visits(self) -> list[Opening]:
        """Openings by people whose page ran; repeats among them."""
        return [each for each in self.openings if each.verdict == "human"]

    @property
    def unproven(self) -> list[Opening]:
        """Openings that may have been people: nothing says that their page ran."""
        return [each for each in self.openings if each.verdict == "unknown"]

    @property
    def robots(self) -> list[Opening]:
        """Openings by bots and preview fetchers, prefetches and HEAD requests."""
        return [each for each in self.openings if each.verdict in ROBOTS]

    @property
    def own(self) -> list[Opening]:
        """Sharers who opened a link of their own."""
        return [each for each in self.openings if each.verdict == "self"]

    @property
    def repeats(self) -> list[Opening]:
        """Visits that added nobody: the person was in the tree already."""
        known: set[str] = {m.person for m in self.members.values() if m.shared}
        found = []
        for each in self.visits:
            if each.person in known or self.members[each.person].at < each.at:
                found.append(each)
            known.add(each.person)
        return found

    def people_of(self, link_id: int, verdicts: Iterable[str]) -> list[str]:
        """Return the distinct people who opened one link with one of ``verdicts``."""
        wanted = frozenset(verdicts)
        return list(
            dict.fromkeys(
                each.person
                for each in self.openings
                if each.link_id == link_id and each.verdict in wanted
            )
        )

    def orders_of(self, link_id: int) -> int:
        """Return how many paid orders have a line through this very link."""
        return len({line.order_id for line in self.sold if line.link_id == link_id})

    @property
    def bought(self) -> frozenset[str]:
        """The people who paid for something they came to through this share."""
        return frozenset(line.buyer for line in self.sold)


def journey_of(link: Link, *, payee_id: int | None = None, shop_id: int | None = None) -> Journey:
    """Return everything below ``link``. Five queries, linear in openings.

    ``payee_id`` limits earnings to that account's; ``shop_id`` orders and sales to that shop's.
    """
    nodes = tree_below(link)
    ids = [node.link_id for node in nodes]
    # Before the orders, so that every buyer is found among them.
    sold = _sold(ids, payee_id, shop_id)
    orders = ordered_through(ids, shop_id=shop_id)
    found = openings(Scope.below(link.pk))
    visits = [Opened(e.link_id, e.person, e.at) for e in found if e.verdict == "human"]
    members = people_among(nodes, visits, orders)
    return Journey(
        nodes=tuple(nodes),
        openings=tuple(found),
        orders=tuple(orders),
        members=members,
        shape=measure({person: each.parent for person, each in members.items()}),
        sold=tuple(sold),
    )


def journey_reports() -> Iterator[dict[str, Any]]:
    """Yield the measures of every living share that is a root, oldest first, as a report row."""
    for link in Link.objects.filter(parent=None).order_by("id"):
        shape = journey_of(link).shape
        yield {
            "source": "shares",
            "id": link.code,
            "size": shape.size,
            "depth_histogram": list(shape.depth_histogram),
            "largest_broadcast": shape.largest_broadcast,
            "structural_virality": shape.structural_virality,
        }


def totals(lines: Iterable[SoldLine], what: str) -> list[Money]:
    """Add up ``goods``, ``refunded`` or ``earned``, an amount per currency, by currency."""
    sums: dict[str, int] = defaultdict(int)
    for line in lines:
        sums[line.currency] += getattr(line, what)
    return [Money(amount, currency) for currency, amount in sorted(sums.items())]


_SOLD = f"""
{LINKS}
SELECT line.order_id, line.link_id, {ORDER_PERSON},
       bought.paid_at, line.title, line.quantity, line.currency,
       line.goods_amount - line.discount_amount, line.refunded_amount,
       coalesce((SELECT sum(earned.amount - earned.reversed_amount)
                 FROM earnings_commission earned
                 WHERE earned.line_id = line.id
                   AND earned.state NOT IN ('quoted', 'expired', 'rejected')
                   AND (%s::bigint IS NULL OR earned.payee_id = %s)), 0)::bigint
FROM {ORDER_JOIN}
WHERE bought.paid_at IS NOT NULL AND (%s::bigint IS NULL OR bought.shop_id = %s)
ORDER BY bought.paid_at, line.id
"""  # noqa: S608 - our own text


def _sold(links: list[int], payee_id: int | None, shop_id: int | None) -> list[SoldLine]:
    with connection.cursor() as cursor:
        cursor.execute(_SOLD, [links, payee_id, payee_id, shop_id, shop_id])
        return [SoldLine(*row) for row in cursor.fetchall()]
