"""Who earned by whose purchases of late, as persons: what circles are found in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence

from django.utils.translation import gettext as _

from banyan.kernel import clock
from banyan.kernel.ids import id_floor
from banyan.kernel.remembered import run
from banyan.orders.models import Checkout
from banyan.sharing.models import VisitorAccount
from banyan.trust.circles import SEEN_FROM, WINDOW, Ring, Trade
from banyan.trust.models import Circle

from ..models import Commission

_CREDITED = """
WITH credited AS (
  SELECT c.id, coalesce(e.cluster, c.payee_id) AS earner,
         coalesce(b.cluster, k.buyer_id, v.account_id) AS buyer, o.checkout_id
  FROM earnings_commission c
  JOIN orders_order o ON o.id = c.order_id
  JOIN orders_checkout k ON k.id = o.checkout_id
  LEFT JOIN sharing_visitoraccount v
    ON k.buyer_id IS NULL AND k.visitor <> '' AND v.visitor = k.visitor
  LEFT JOIN trust_joined e ON e.account_id = c.payee_id
  LEFT JOIN trust_joined b ON b.account_id = coalesce(k.buyer_id, v.account_id)
  WHERE c.kind = 'commission'
    AND c.state IN ('pending', 'held', 'held_fraud', 'payable', 'paid')
    AND c.id >= %s AND c.created_at >= %s)
"""
"""What was earned by sharing in the window and not taken back; a page's margin is its own trade."""

_TRADES = f"""
{_CREDITED}, pairs AS (
  SELECT earner, buyer, count(DISTINCT checkout_id) AS n FROM credited GROUP BY earner, buyer)
SELECT earner, buyer, n, earning FROM (
  SELECT earner, buyer, n, sum(n) OVER (PARTITION BY earner) AS earning FROM pairs) AS every
WHERE n >= %s AND buyer IS NOT NULL
"""  # noqa: S608 - our own text

_BETWEEN = f"""
{_CREDITED}
SELECT id, earner, buyer FROM credited
JOIN unnest(%s::bigint[], %s::bigint[]) AS asked (one, other) ON one = earner AND other = buyer
"""  # noqa: S608 - our own text


def trades() -> tuple[list[Trade], Mapping[int, int]]:
    """Return who earned by two or more purchases of whom, and by how many each earned in all.

    Several orders of one purchase are one, and so are both levels of a path. One statement over
    the commissions of the window.
    """
    rows = run(_TRADES, [*_since(), SEEN_FROM]).fetchall()
    found = [Trade(earner, buyer, n) for earner, buyer, n, _earning in rows]
    return found, {earner: int(earning) for earner, _buyer, _n, earning in rows}


def evidence(found: Sequence[Ring]) -> list[list[int]]:
    """Return the commissions that each circle rests on, ascending. One statement."""
    wanted = sorted({pair for ring in found for pair in _pairs(ring.members)})
    if not wanted:
        return []
    ones, others = [one for one, _other in wanted], [other for _one, other in wanted]
    between: dict[tuple[int, int], list[int]] = {}
    for pk, earner, buyer in run(_BETWEEN, [*_since(), ones, others]).fetchall():
        between.setdefault((earner, buyer), []).append(pk)
    return [
        sorted(pk for pair in _pairs(ring.members) for pk in between.get(pair, ()))
        for ring in found
    ]


def rests_on(circle: Circle) -> list[tuple[Commission, str]]:
    """Return the commissions that a circle ever rested on, newest first, each with its buyer.

    Two statements. A guest's browser is told by whose it is.
    """
    rows = Commission.objects.filter(pk__in=circle.evidence)
    found = list(rows.select_related("payee", "order__checkout__buyer").order_by("-pk"))
    guests = {one.order.checkout.visitor for one in found if one.order.checkout.buyer is None}
    known = VisitorAccount.objects.filter(visitor__in=guests).select_related("account")
    browsers = {one.visitor: one.account.handle for one in known}
    return [(one, _buyer(one.order.checkout, browsers)) for one in found]


def _buyer(checkout: Checkout, browsers: Mapping[str, str]) -> str:
    if checkout.buyer is not None:
        return f"@{checkout.buyer.handle}"
    return _("@%(handle)s, as a guest") % {"handle": browsers.get(checkout.visitor, "?")}


def _pairs(members: Collection[int]) -> list[tuple[int, int]]:
    return [(one, other) for one in members for other in members if one != other]


def _since() -> list[int | dt.datetime]:
    since = clock.now() - WINDOW
    return [id_floor(since), since]
