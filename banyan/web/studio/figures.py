"""The figures of the Today page: people, not clicks; money after refunds."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from banyan.catalog.models import Shop
from banyan.community.queries import posts_showing
from banyan.insights.queries import funnel_of
from banyan.insights.rules import Proportion, funnel
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.orders.models import Order, OrderLine
from banyan.people.models import Account
from banyan.sharing.models import Link
from banyan.sharing.queries import Reach, Scope, links_in, reach, reach_by_link
from banyan.web.ui.shapes import Face, FunnelStep

from ..shop.people.faces import faces_of
from ..shop.sharing.travelled import travelled

MOST_ROWS = 12
MOST_SHARES = 6
WEEK = dt.timedelta(days=7)
MONTH = dt.timedelta(days=30)
PAID_GOODS = F("goods_amount") - F("discount_amount")


@dataclass(frozen=True, slots=True)
class Sales:
    """Paid orders of a span in one currency: ``sales`` after refunds, ``credited`` by sharers."""

    sales: Money
    orders: int
    goods: Money
    credited: Money

    @property
    def shared_rate(self) -> float | None:
        """The part of the goods, by money, that sharers brought; None without any."""
        return self.credited.amount / self.goods.amount if self.goods.amount else None


def sales_of(
    orders: QuerySet[Order], currency: str, start: dt.datetime, end: dt.datetime
) -> list[Sales]:
    """Return what was paid in [start, end), by currency, ``currency`` first. Two statements."""
    paid = orders.filter(paid_at__gte=start, paid_at__lt=end).order_by()
    net = Sum(F("total_amount") - F("refunded_amount"))
    whole = {
        name: (int(sales), n)
        for name, sales, n in paid.values_list("currency").annotate(sales=net, n=Count("id"))
    }
    lines = OrderLine.objects.filter(order__in=paid).values_list("currency")
    credited = Sum(PAID_GOODS, filter=Q(link__isnull=False))
    goods = {
        name: (int(all_of_it), int(brought or 0))
        for name, all_of_it, brought in lines.annotate(goods=Sum(PAID_GOODS), credited=credited)
    }
    return [
        Sales(
            sales=Money(whole.get(name, (0, 0))[0], name),
            orders=whole.get(name, (0, 0))[1],
            goods=Money(goods.get(name, (0, 0))[0], name),
            credited=Money(goods.get(name, (0, 0))[1], name),
        )
        for name in own_first(whole.keys() | {currency}, currency)
    ]


def own_first(found: Iterable[str], own: str) -> list[str]:
    """Return currencies in order, the shop's own before all others: no two can be added up."""
    return sorted(found, key=lambda name: (name != own, name))


def day_start(shop: Shop, now: dt.datetime) -> dt.datetime:
    """Return when the shop's day began, in its own time zone."""
    zone = ZoneInfo(shop.timezone)
    return dt.datetime.combine(now.astimezone(zone).date(), dt.time(), zone)


def change(now: int, before: int) -> float | None:
    """Return by which ratio a figure grew; None where nothing was before."""
    return now / before - 1 if before > 0 else None


def today(shop: Shop, orders: QuerySet[Order]) -> dict[str, Any]:
    """Return the day so far, and how it compares with the same hours a week ago.

    ``now`` is by currency; the sales compared are those in the shop's own.
    """
    now = clock.now()
    start = day_start(shop, now)
    day = sales_of(orders, shop.currency, start, now)
    # By the shop's clock, which may have been put forward or back in between.
    same_hour = now.astimezone(ZoneInfo(shop.timezone)) - WEEK
    before = sales_of(orders, shop.currency, start - WEEK, same_hour)
    n = sum(each.orders for each in day)
    return {
        "day": start.date(),
        "now": day,
        "orders": n,
        "sales_change": change(day[0].sales.amount, before[0].sales.amount),
        "orders_change": change(n, sum(each.orders for each in before)),
    }


def scope_of(shop: Shop) -> Scope:
    """Return the links to the shop, to its goods, and to posts that show them."""
    return Scope.shop(shop.pk, post_ids=posts_showing(shop.pk))


def concerns(shop: Shop, link: Link) -> bool:
    """Tell whether a link leads to the shop, to its goods, or to a post that shows them."""
    scope = scope_of(shop)
    return link.pk in links_in(scope, [link.pk])


def step_names() -> dict[str, str]:
    """Return the funnel's steps in words."""
    return {
        "shown": _("Shown"),
        "opened": _("Opened"),
        "visited": _("Visited"),
        "ordered": _("Ordered"),
        "paid": _("Paid"),
    }


def funnel_steps(counts: Mapping[str, int], list_url: str) -> list[FunnelStep]:
    """Return the five steps as people, each with its Wilson interval and the list behind it."""
    names = step_names()
    found = funnel(**counts)
    return [
        FunnelStep(
            label=names[step.name],
            count=step.count,
            rate=step.of_previous.rate if step.of_previous else None,
            low=step.of_previous.low if step.of_previous else None,
            high=step.of_previous.high if step.of_previous else None,
            url=f"{list_url}?step={step.name}" if step.count else "",
        )
        for step in found.steps
    ]


@dataclass(frozen=True, slots=True)
class Mover:
    """A sharer who moved people to the shop; ``sold`` is by currency."""

    face: Face
    visited: int
    orders: int
    sold: list[Money]


@dataclass(frozen=True, slots=True)
class Share:
    """A root whose tree brought people to the shop, for the list of what travelled."""

    link: Link
    face: Face
    visited: int
    opened: int


def report(shop: Shop, orders: QuerySet[Order], *, viewer: Actor) -> dict[str, Any]:
    """Return funnel, what travelled and who moved people in the last thirty days."""
    start = clock.now() - MONTH
    scope = scope_of(shop)
    people = reach(scope, start=start)
    by_link = reach_by_link(scope, start=start)
    shares = _shares(by_link)
    counts = funnel_of(scope, shop.pk, start=start)
    return {
        "funnel": funnel_steps(counts, reverse("studio_people", args=[shop.slug])),
        "conversion": Proportion.of(counts["paid"], counts["visited"]),
        "robots": people.robots,
        "own": people.own,
        "movers": _movers(shop, orders, by_link, start),
        "travel": travelled(shares[0].link, viewer=viewer, shop_id=shop.pk) if shares else None,
        "shares": shares,
    }


def _movers(
    shop: Shop, orders: QuerySet[Order], by_link: Mapping[int, Reach], start: dt.datetime
) -> list[Mover]:
    visited: dict[int, int] = {}
    owners = Link.objects.filter(pk__in=by_link).values_list("pk", "owner_id")
    for link_id, owner_id in owners:
        visited[owner_id] = visited.get(owner_id, 0) + by_link[link_id].visited
    paid = orders.filter(paid_at__gte=start).order_by()
    sold: dict[int, dict[str, int]] = {}
    bought: Counter[int] = Counter()
    for owner, currency, n, goods in (
        OrderLine.objects.filter(order__in=paid, link__isnull=False)
        .values_list("link__owner_id", "currency")
        .annotate(n=Count("order_id", distinct=True), goods=Sum(PAID_GOODS))
    ):
        sold.setdefault(owner, {})[currency] = int(goods)
        bought[owner] += n
    ranked = sorted(
        (owner for owner in visited.keys() | sold.keys() if visited.get(owner) or owner in sold),
        key=lambda owner: (
            -bought[owner],
            -sold.get(owner, {}).get(shop.currency, 0),
            -visited.get(owner, 0),
            owner,
        ),
    )[:MOST_ROWS]
    faces = faces_of(Account.objects.filter(pk__in=ranked))
    return [
        Mover(
            face=faces[owner],
            visited=visited.get(owner, 0),
            orders=bought[owner],
            sold=[
                Money(sold[owner][name], name)
                for name in own_first(sold.get(owner, {}), shop.currency)
                if sold[owner][name]
            ],
        )
        for owner in ranked
        if owner in faces
    ]


def _shares(by_link: Mapping[int, Reach]) -> list[Share]:
    """Return the roots whose trees brought somebody, the most travelled first."""
    moved: dict[int, tuple[int, int]] = {}
    for link_id, root_id in Link.objects.filter(pk__in=by_link).values_list("pk", "root_id"):
        root = root_id or link_id
        visits, opened = moved.get(root, (0, 0))
        found = by_link[link_id]
        moved[root] = (visits + found.visited, opened + found.opened)
    best = sorted((r for r in moved if moved[r] != (0, 0)), key=lambda r: (moved[r], -r))[::-1]
    links = Link.objects.select_related("owner").in_bulk(best[:MOST_SHARES])
    faces = faces_of(link.owner for link in links.values())
    return [
        Share(links[root], faces[links[root].owner_id], *moved[root])
        for root in best[:MOST_SHARES]
        if root in links
    ]
