"""Through which channel people came to a shop: apps, the web, and our own rooms."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import connection

from banyan.kernel.money import Money
from banyan.sharing.queries import Scope

from .persons import ORDER_JOIN, TOUCH_JOIN, TOUCH_PERSON


@dataclass(frozen=True, slots=True)
class Channel:
    """``opened`` people came, ``orders`` were paid for ``goods``: by currency, after discounts."""

    name: str
    opened: int
    orders: int
    goods: list[Money]


def channels_of(scope: Scope, shop_id: int, *, start: dt.datetime) -> list[Channel]:
    """Return what each channel brought since ``start``, the best first. One query.

    Somebody who came by two channels is one person of each. An order is its touch's channel's;
    bought without a touch, that of the room its link was made for, else the web's.
    """
    with connection.cursor() as cursor:
        cursor.execute(_sql(scope), [*scope.params, start, shop_id, start])
        found: dict[str, Channel] = {}
        for name, currency, whole, people, orders, goods in cursor.fetchall():
            if whole:
                found[name] = Channel(name, people, orders, [])
            elif currency:
                found[name].goods.append(Money(goods, currency))
    return list(found.values())


def _sql(scope: Scope) -> str:
    return f"""
        WITH links AS MATERIALIZED
          (SELECT id, place, channel FROM sharing_link link WHERE {scope.where}),
        came AS (
          SELECT coalesce(nullif(touch.channel, ''), 'web') AS name,
                 {TOUCH_PERSON} AS person, NULL::bigint AS order_id, 0::bigint AS goods,
                 NULL::text AS currency
          FROM {TOUCH_JOIN}
          WHERE touch.verdict IN ('unknown', 'human') AND touch.at >= %s
          UNION ALL
          SELECT coalesce(nullif(came.channel, ''),
                          CASE WHEN links.place <> '' THEN links.channel END,
                          'web'),
                 NULL, bought.id, line.goods_amount - line.discount_amount, bought.currency
          FROM {ORDER_JOIN}
          WHERE bought.shop_id = %s AND bought.paid_at >= %s
        )
        SELECT name, currency, grouping(currency) AS whole,
               count(DISTINCT person), count(DISTINCT order_id), sum(goods)::bigint
        FROM came GROUP BY GROUPING SETS ((name), (name, currency))
        ORDER BY 3 DESC, 6 DESC, 4 DESC, 1, 2
    """  # noqa: S608 (scopes are our own text)
