"""The figures of the Today page: people, not clicks; money after refunds."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from banyan.catalog.models import Shop
from banyan.community.models import ProductTag
from banyan.insights.rules import funnel
from banyan.kernel import clock
from banyan.kernel.money import Money
from banyan.orders.models import Order, OrderLine
from banyan.people.models import Account
from banyan.sharing.models import Link
from banyan.sharing.queries import Reach, Scope, reach, reach_by_link, tree_of
from banyan.web.ui.shapes import Face, FunnelStep, TreeNode

from ..shop.people.faces import faces_of

MOST_NODES = 400
MOST_ROWS = 12
WEEK = dt.timedelta(days=7)
MONTH = dt.timedelta(days=30)
PAID_GOODS = F("goods_amount") - F("discount_amount")


@dataclass(frozen=True, slots=True)
class Sales:
    """Paid orders of a span: ``sales`` after refunds, ``credited`` goods brought by sharers."""

    sales: Money
    orders: int
    goods: Money
    credited: Money

    @property
    def shared_rate(self) -> float | None:
        """The part of the goods, by money, that sharers brought; None without any."""
        return self.credited.amount / self.goods.amount if self.goods.amount else None


def sales_of(orders: QuerySet[Order], currency: str, start: dt.datetime, end: dt.datetime) -> Sales:
    """Return what was paid in [start, end). Two statements."""
    paid = orders.filter(paid_at__gte=start, paid_at__lt=end).order_by()
    whole = paid.aggregate(sales=Sum(F("total_amount") - F("refunded_amount")), n=Count("id"))
    goods = OrderLine.objects.filter(order__in=paid).aggregate(
        goods=Sum(PAID_GOODS), credited=Sum(PAID_GOODS, filter=Q(link__isnull=False))
    )
    return Sales(
        sales=Money(int(whole["sales"] or 0), currency),
        orders=whole["n"],
        goods=Money(int(goods["goods"] or 0), currency),
        credited=Money(int(goods["credited"] or 0), currency),
    )


def day_start(shop: Shop, now: dt.datetime) -> dt.datetime:
    """Return when the shop's day began, in its own time zone."""
    local = now.astimezone(zoneinfo.ZoneInfo(shop.timezone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def change(now: int, before: int) -> float | None:
    """Return by which ratio a figure grew; None where nothing was before."""
    return now / before - 1 if before > 0 else None


def today(shop: Shop, orders: QuerySet[Order]) -> dict[str, Any]:
    """Return the day so far, and how it compares with the same hours a week ago."""
    now = clock.now()
    start = day_start(shop, now)
    day = sales_of(orders, shop.currency, start, now)
    before = sales_of(orders, shop.currency, start - WEEK, now - WEEK)
    return {
        "day": start.astimezone(ZoneInfo(shop.timezone)).date(),
        "now": day,
        "sales_change": change(day.sales.amount, before.sales.amount),
        "orders_change": change(day.orders, before.orders),
    }


def scope_of(shop: Shop) -> Scope:
    """Return the links to the shop, to its goods, and to posts that show them."""
    posts = ProductTag.objects.filter(product__shop=shop).values_list("post_image__post_id")
    return Scope.shop(shop.pk, post_ids=[post_id for (post_id,) in posts.distinct()])


_PERSON = Case(
    When(
        checkout__buyer__isnull=False,
        then=Concat(Value("a"), Cast("checkout__buyer_id", CharField())),
    ),
    When(~Q(checkout__visitor=""), then=Concat(Value("v"), F("checkout__visitor"))),
    default=Concat(Value("c"), Cast("checkout_id", CharField())),
    output_field=CharField(),
)


def funnel_steps(orders: QuerySet[Order], people: Reach, start: dt.datetime) -> list[FunnelStep]:
    """Return shown, opened, visited, ordered, paid as people, each with its Wilson interval."""
    shared = orders.filter(created_at__gte=start, lines__link__isnull=False).order_by()
    bought = shared.annotate(person=_PERSON).aggregate(
        ordered=Count("person", distinct=True),
        paid=Count("person", distinct=True, filter=Q(paid_at__isnull=False)),
    )
    labels = (_("Saw it"), _("Opened it"), _("Visited"), _("Ordered"), _("Paid"))
    found = funnel(
        shown=people.shown,
        opened=people.opened,
        visited=people.visited,
        ordered=bought["ordered"],
        paid=bought["paid"],
    )
    return [
        FunnelStep(
            label=label,
            count=step.count,
            rate=step.of_previous.rate if step.of_previous else None,
            low=step.of_previous.low if step.of_previous else None,
            high=step.of_previous.high if step.of_previous else None,
        )
        for label, step in zip(labels, found.steps, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Mover:
    """A sharer who moved people to the shop."""

    face: Face
    visited: int
    orders: int
    sold: Money


@dataclass(frozen=True, slots=True)
class Travel:
    """How the most travelled share went on: its tree as drawn, and rows by visits."""

    nodes: list[TreeNode]
    rows: list[dict[str, Any]]
    left_out: int
    sharers: int
    depth: int
    title: str


def report(shop: Shop, orders: QuerySet[Order]) -> dict[str, Any]:
    """Return funnel, sharers and the most travelled tree of the last thirty days."""
    start = clock.now() - MONTH
    scope = scope_of(shop)
    people = reach(scope, start=start)
    by_link = reach_by_link(scope, start=start)
    return {
        "funnel": funnel_steps(orders, people, start),
        "robots": people.robots,
        "movers": _movers(shop, orders, by_link, start),
        "travel": _travel(shop, by_link),
    }


def _movers(
    shop: Shop, orders: QuerySet[Order], by_link: Mapping[int, Reach], start: dt.datetime
) -> list[Mover]:
    visited: dict[int, int] = {}
    owners = Link.objects.filter(pk__in=by_link).values_list("pk", "owner_id")
    for link_id, owner_id in owners:
        visited[owner_id] = visited.get(owner_id, 0) + by_link[link_id].visited
    paid = orders.filter(paid_at__gte=start).order_by()
    sold = {
        row["link__owner_id"]: (row["n"], int(row["goods"]))
        for row in OrderLine.objects.filter(order__in=paid, link__isnull=False)
        .values("link__owner_id")
        .annotate(n=Count("order_id", distinct=True), goods=Sum(PAID_GOODS))
    }
    ranked = sorted(
        (owner for owner in visited.keys() | sold.keys() if visited.get(owner) or owner in sold),
        key=lambda owner: (*(-n for n in sold.get(owner, (0, 0))), -visited.get(owner, 0), owner),
    )[:MOST_ROWS]
    faces = faces_of(Account.objects.filter(pk__in=ranked))
    return [
        Mover(
            face=faces[owner],
            visited=visited.get(owner, 0),
            orders=sold.get(owner, (0, 0))[0],
            sold=Money(sold.get(owner, (0, 0))[1], shop.currency),
        )
        for owner in ranked
        if owner in faces
    ]


def _travel(shop: Shop, by_link: Mapping[int, Reach]) -> Travel | None:
    moved: dict[int, tuple[int, int]] = {}
    for link_id, root_id in Link.objects.filter(pk__in=by_link).values_list("pk", "root_id"):
        root = root_id or link_id
        visits, opened = moved.get(root, (0, 0))
        found = by_link[link_id]
        moved[root] = (visits + found.visited, opened + found.opened)
    best = max(moved, key=lambda root: (moved[root], -root), default=None)
    if best is None or moved[best] == (0, 0):
        return None
    nodes = tree_of(Link.objects.get(pk=best))
    bought = _orders_by_link([node.link_id for node in nodes])
    parents = {node.parent_id for node in nodes}
    ranked = sorted(nodes, key=lambda n: (-n.reach.visited, -bought.get(n.link_id, 0), n.link_id))[
        :MOST_ROWS
    ]
    return Travel(
        nodes=[
            TreeNode(
                id=str(node.link_id),
                parent_id=str(node.parent_id) if node.parent_id else None,
                kind=_kind(node.link_id, node.parent_id, bought, parents),
                label=node.display_name,
            )
            for node in nodes[:MOST_NODES]
        ],
        rows=[{"node": node, "bought": bought.get(node.link_id, 0)} for node in ranked],
        left_out=max(0, len(nodes) - MOST_NODES),
        sharers=len({node.owner_id for node in nodes}),
        depth=max(node.depth for node in nodes),
        title=nodes[0].display_name,
    )


def _orders_by_link(link_ids: list[int]) -> dict[int, int]:
    lines = OrderLine.objects.filter(link_id__in=link_ids, order__paid_at__isnull=False)
    rows = lines.values_list("link_id").annotate(n=Count("order_id", distinct=True))
    return {link_id: n for link_id, n in rows if link_id is not None}


def _kind(
    link_id: int, parent_id: int | None, bought: Mapping[int, int], parents: set[int | None]
) -> str:
    if parent_id is None:
        return "root"
    if link_id in bought:
        return "bought"
    return "shared" if link_id in parents else "opened"
