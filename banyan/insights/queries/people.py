"""The people behind a shop's funnel: one row each, so that every step's number opens its list."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import connection

from banyan.sharing.queries import Scope

from .persons import (
    CARD_JOIN,
    CARD_PERSON,
    ORDER_JOIN,
    ORDER_PERSON,
    TOUCH_JOIN,
    TOUCH_PERSON,
)

STEPS = ("shown", "opened", "visited", "ordered", "paid")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom a share reached; of strangers nothing is known but that.

    ``step`` is the furthest of STEPS. ``link_id`` is the link of that step's last event, ``at``
    its time (a card has only a day). ``order_ids``: this shop's orders through a share.
    """

    step: str
    link_id: int
    at: dt.datetime
    order_ids: tuple[int, ...]


def people_of(
    scope: Scope, shop_id: int, *, start: dt.datetime, step: str = "shown"
) -> list[Person]:
    """Return everybody who reached ``step`` since ``start``, the furthest first. One query.

    Reaching a step includes those before it: who opened was shown the link, and a buyer whose
    opening was recorded nowhere (an address passed on by hand) still opened it. Robots and
    owners' own looks are left out. The funnel's counts are lengths of these lists.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _sql(scope), [*scope.params, start, start, shop_id, start, STEPS.index(step)]
        )
        rows = cursor.fetchall()
    return [Person(STEPS[rank], link_id, at, tuple(orders)) for rank, link_id, at, orders in rows]


def funnel_of(scope: Scope, shop_id: int, *, start: dt.datetime) -> dict[str, int]:
    """Return how many people reached each of STEPS since ``start``: lengths of the lists above."""
    parameters = [*scope.params, start, start, shop_id, start, 0]
    counted = f"SELECT step, count(*) FROM ({_sql(scope)}) AS people GROUP BY 1"  # noqa: S608 - scopes are ours
    with connection.cursor() as cursor:
        cursor.execute(counted, parameters)
        furthest = dict(cursor.fetchall())
    return {
        step: sum(count for reached, count in furthest.items() if reached >= rank)
        for rank, step in enumerate(STEPS)
    }


def _sql(scope: Scope) -> str:
    return f"""
        WITH links AS MATERIALIZED
          (SELECT id, owner_id FROM sharing_link link WHERE {scope.where}),
        steps AS (
          SELECT {CARD_PERSON} AS person, 0 AS step, card.link_id, card.day::timestamptz AS at,
                 NULL::bigint AS order_id
          FROM {CARD_JOIN}
          WHERE card.day >= %s::timestamptz AND known.account_id IS DISTINCT FROM links.owner_id
          UNION ALL
          SELECT {TOUCH_PERSON}, CASE touch.verdict WHEN 'human' THEN 2 ELSE 1 END,
                 touch.link_id, touch.at, NULL
          FROM {TOUCH_JOIN}
          WHERE touch.verdict IN ('unknown', 'human') AND touch.at >= %s
          UNION ALL
          SELECT {ORDER_PERSON}, CASE WHEN bought.paid_at IS NULL THEN 3 ELSE 4 END,
                 line.link_id, bought.created_at, bought.id
          FROM {ORDER_JOIN}
          WHERE bought.shop_id = %s AND bought.created_at >= %s
        ), persons AS (
          SELECT max(step) AS step,
                 (array_agg(link_id ORDER BY step DESC, at DESC))[1] AS link_id,
                 (array_agg(at ORDER BY step DESC, at DESC))[1] AS at,
                 coalesce(array_agg(DISTINCT order_id) FILTER (WHERE order_id IS NOT NULL), '{{}}')
          FROM steps GROUP BY person
        )
        SELECT * FROM persons WHERE step >= %s ORDER BY step DESC, at DESC
    """  # noqa: S608 (scopes are our own text)
