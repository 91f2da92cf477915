"""How the groups of a campaign go, for their shop: how many fill up, how fast, and by whom."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from ..figures import of_people, part_of
from ..models import Campaign
from ..persons import same_hands

MOST_NAMED = 5


def figures_of(campaign: Campaign) -> list[tuple[Any, Any]]:
    """Return labels and values. Four statements.

    A group that the shop completed did not fill up, and nobody in it is counted twice. Of paid
    places each counts, wherever it stands by now.
    """
    with connection.cursor() as cursor:
        cursor.execute(_GROUPS, [campaign.pk])
        decided, full, by_shop, seconds = cursor.fetchone()
        cursor.execute(_PLACES, [campaign.pk])
        paid, joined, led, back, newcomers = cursor.fetchone()
    shared = same_hands(campaign.pk)
    return [
        (_("Groups that filled up, of those decided"), part_of(full, decided)),
        (_("Groups that the shop completed"), by_shop),
        (_("Usual time to fill up, in hours"), "–" if seconds is None else _hours(seconds)),
        (_("Members brought by the leader's own link"), part_of(led, joined)),
        (_("Paid places given back"), part_of(back, paid)),
        (_("Paid places of newcomers"), part_of(newcomers, paid)),
        *of_people(campaign),
        (_("Groups with places in the same hands"), _named(shared)),
    ]


def _hours(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours}:{minutes:02}"


def _named(shared: dict[str, int]) -> str:
    codes = ", ".join(list(shared)[:MOST_NAMED])
    return f"{len(shared)} ({codes})" if shared else "0"


_GROUPS = """
    SELECT count(*) FILTER (WHERE state IN ('formed', 'completed', 'failed')),
      count(*) FILTER (WHERE is_full), count(*) FILTER (WHERE by_shop),
      percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM full_at - opened_at))
        FILTER (WHERE is_full)
    FROM (
      SELECT i.state, i.opened_at, i.public ? 'by_shop' AS by_shop,
        i.state IN ('formed', 'completed') AND NOT i.public ? 'by_shop' AS is_full,
        (SELECT min(s.at) FROM kernel_statechange s
         WHERE s.subject_id = i.id AND s.machine = 'campaigns.group_buy.state') AS full_at
      FROM campaigns_instance i WHERE i.campaign_id = %s) AS played
"""

_PLACES = """
    SELECT count(*), count(*) FILTER (WHERE p.account_id <> i.owner_id),
      count(*) FILTER (WHERE p.account_id <> i.owner_id AND l.owner_id = i.owner_id),
      count(*) FILTER (WHERE x.is_back),
      count(*) FILTER (WHERE NOT EXISTS (
        SELECT FROM orders_order e JOIN orders_checkout c ON c.id = e.checkout_id
        WHERE c.buyer_id = p.account_id AND e.paid_at < o.paid_at))
    FROM campaigns_participation p
    JOIN campaigns_instance i ON i.id = p.instance_id
    JOIN orders_order o ON o.id = p.order_id
    LEFT JOIN sharing_link l ON l.id = p.through
    CROSS JOIN LATERAL (
      SELECT coalesce(bool_or(n.refunded_quantity >= n.quantity), false) AS is_back
      FROM orders_orderline n WHERE n.order_id = p.order_id AND n.right_id = p.right_id) AS x
    WHERE p.campaign_id = %s
"""
