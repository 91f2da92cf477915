"""How many people a link reached: shown, opened, visited, and robots apart.

A person is the account where one is known, else the visitor id, else the single touch
(docs/reference/measures.md): one member on two devices is one, and a stranger without a cookie is
one per opening.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection


@dataclass(frozen=True, slots=True)
class Reach:
    """Numbers of distinct people; ``robots`` and ``own`` count openings, and are no people.

    ``shown``: saw the card, here or, by their opening it, elsewhere. ``opened``: opened the link.
    ``visited``: the page ran as well.
    ``robots``: bots, preview fetchers and prefetches. ``own``: by the link's owner.
    """

    shown: int = 0
    opened: int = 0
    visited: int = 0
    robots: int = 0
    own: int = 0


@dataclass(frozen=True, slots=True)
class Scope:
    """Which links a report is about: made by one of the constructors below."""

    where: str
    params: tuple[Any, ...]

    @classmethod
    def link(cls, link_id: int) -> Scope:
        """One link alone."""
        return cls("link.id = %s", (link_id,))

    @classmethod
    def tree(cls, root_id: int) -> Scope:
        """A root and everything below it."""
        return cls("(link.id = %s OR link.root_id = %s)", (root_id, root_id))

    @classmethod
    def below(cls, link_id: int) -> Scope:
        """One link and everything shared on from it."""
        return cls(
            "link.id IN (WITH RECURSIVE down AS (SELECT %s::bigint AS id UNION ALL"
            " SELECT child.id FROM sharing_link child JOIN down ON child.parent_id = down.id)"
            " SELECT id FROM down)",
            (link_id,),
        )

    @classmethod
    def owner(cls, account_id: int) -> Scope:
        """Every link of a sharer."""
        return cls("link.owner_id = %s", (account_id,))

    @classmethod
    def target(cls, kind: str, target_id: int) -> Scope:
        """Every link to one thing."""
        return cls("link.target_kind = %s AND link.target_id = %s", (kind, target_id))

    @classmethod
    def shop(cls, shop_id: int, *, post_ids: Collection[int] = ()) -> Scope:
        """Every link to a shop, to its products, and to posts that the caller says show them."""
        return cls(
            "((link.target_kind = 'shop' AND link.target_id = %s)"
            " OR (link.target_kind = 'product' AND link.target_id IN"
            " (SELECT id FROM catalog_product WHERE shop_id = %s))"
            " OR (link.target_kind = 'post' AND link.target_id = ANY(%s::bigint[])))",
            (shop_id, shop_id, list(post_ids)),
        )


def reach(
    scope: Scope, *, start: dt.datetime | None = None, end: dt.datetime | None = None
) -> Reach:
    """Return the people of all links of ``scope`` together, in [start, end). One query.

    Days of exposure are UTC; a day counts when its beginning lies in the window.
    """
    with connection.cursor() as cursor:
        cursor.execute(_sql(scope, per_link=False), _params(scope, start, end))
        _, *counts = cursor.fetchone()
    return Reach(*counts)


def reach_by_link(scope: Scope, *, start: dt.datetime | None = None) -> dict[int, Reach]:
    """Return the people of each link of ``scope``, links without any left out. One query.

    One person may stand under several links, so the sum can exceed :func:`reach`.
    """
    with connection.cursor() as cursor:
        cursor.execute(_sql(scope, per_link=True), _params(scope, start, None))
        return {link_id: Reach(*counts) for link_id, *counts in cursor.fetchall()}


def links_in(scope: Scope, link_ids: Collection[int]) -> set[int]:
    """Return which of these links a report of ``scope`` is about. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM sharing_link link WHERE {scope.where} AND link.id = ANY(%s)",  # noqa: S608 - scopes are ours
            [*scope.params, list(link_ids)],
        )
        return {row[0] for row in cursor.fetchall()}


def _sql(scope: Scope, *, per_link: bool) -> str:
    group = "link_id" if per_link else "NULL::bigint"
    return f"""
        WITH links AS MATERIALIZED (SELECT id, owner_id FROM sharing_link link WHERE {scope.where}),
        seen AS (
          SELECT exposure.link_id, 'shown' AS step,
                 CASE WHEN exposure.visitor LIKE 'account-%%'
                      THEN 'a' || substr(exposure.visitor, 9)
                      ELSE coalesce('a' || known.account_id, 'v' || exposure.visitor)
                 END AS person
          FROM sharing_exposure exposure
          JOIN links ON links.id = exposure.link_id
          LEFT JOIN sharing_visitoraccount known ON known.visitor = exposure.visitor
          WHERE (%s::timestamptz IS NULL OR exposure.day >= %s::timestamptz)
            AND (%s::timestamptz IS NULL OR exposure.day < %s::timestamptz)
            AND known.account_id IS DISTINCT FROM links.owner_id
          UNION ALL
          SELECT touch.link_id, touch.verdict,
                 coalesce('a' || touch.account_id, 'v' || nullif(touch.visitor, ''),
                          't' || touch.id)
          FROM sharing_touch touch
          JOIN links ON links.id = touch.link_id
          WHERE (%s::timestamptz IS NULL OR touch.at >= %s::timestamptz)
            AND (%s::timestamptz IS NULL OR touch.at < %s::timestamptz)
        )
        SELECT {group},
               count(DISTINCT person) FILTER (WHERE step IN ('shown', 'unknown', 'human')),
               count(DISTINCT person) FILTER (WHERE step IN ('unknown', 'human')),
               count(DISTINCT person) FILTER (WHERE step = 'human'),
               count(*) FILTER (WHERE step IN ('bot', 'preview', 'prefetch')),
               count(*) FILTER (WHERE step = 'self')
        FROM seen {"GROUP BY link_id" if per_link else ""}
    """  # noqa: S608 (scopes are our own text)


def _params(scope: Scope, start: dt.datetime | None, end: dt.datetime | None) -> list[Any]:
    return [*scope.params, *(start, start, end, end) * 2]
