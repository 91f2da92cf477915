"""The lists behind the numbers of the Today page: their rows add up to what it says."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from zoneinfo import ZoneInfo

from django.db.models import F, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from banyan.earnings.queries import promises_of
from banyan.insights.queries import STEPS, people_of
from banyan.kernel import clock
from banyan.kernel.money import Money
from banyan.kernel.problems import NotFound
from banyan.orders.access import visible_orders
from banyan.sharing.models import Link

from ..http import actor, private, signed_in
from ..http import day as named_day
from ..shop.earnings.words import commission_state
from ..shop.people.faces import faces_of
from . import figures
from .room import page, shop_of

MOST_PEOPLE = 500


@require_safe
@private
@signed_in
def day(request: HttpRequest, shop_slug: str, date: str) -> HttpResponse:
    """List the orders paid on a day of the shop's calendar; the sums are the day's figures."""
    shop = shop_of(request, shop_slug)
    wanted = named_day(date)
    if wanted is None:
        raise NotFound()
    start = dt.datetime.combine(wanted, dt.time(), ZoneInfo(shop.timezone))
    end = dt.datetime.combine(wanted + dt.timedelta(days=1), dt.time(), ZoneInfo(shop.timezone))
    orders = visible_orders(actor(request), shop.pk)
    found = orders.filter(paid_at__gte=start, paid_at__lt=end).annotate(
        net=F("total_amount") - F("refunded_amount"),
        brought=Sum(
            F("lines__goods_amount") - F("lines__discount_amount"),
            filter=Q(lines__link__isnull=False),
            default=0,
        ),
    )
    rows = [
        (order, Money(order.net, order.currency), Money(order.brought, order.currency))
        for order in found.select_related("checkout").order_by("-paid_at", "-id")
    ]
    sums = figures.sales_of(orders, shop.currency, start, end)
    context = {"day": wanted, "rows": rows, "sums": sums}
    return page(request, shop, "today", "studio/day.html", context)


@require_safe
@private
@signed_in
def promised(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """List the commissions that are set aside and not yet due."""
    shop = shop_of(request, shop_slug)
    found = list(promises_of(shop.pk))
    faces = faces_of(each.payee for each in found)
    rows = [
        {
            "commission": each,
            "face": faces[each.payee_id],
            "left": Money(each.amount - each.reversed_amount, each.currency),
            "state": commission_state(each.state),
        }
        for each in found
    ]
    sums = Counter[str]()
    for each in found:
        sums[each.currency] += each.amount - each.reversed_amount
    totals = [Money(sums[name], name) for name in figures.own_first(sums, shop.currency)]
    context = {"rows": rows, "totals": totals}
    return page(request, shop, "today", "studio/promised.html", context)


@require_safe
@private
@signed_in
def people(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """List who reached a step of the funnel: as many rows as the funnel says people."""
    shop = shop_of(request, shop_slug)
    step = request.GET.get("step", "")
    step = step if step in STEPS else "opened"
    found = people_of(figures.scope_of(shop), shop.pk, start=clock.now() - figures.MONTH, step=step)
    orders = visible_orders(actor(request), shop.pk)
    numbers = dict(
        orders.filter(pk__in=[pk for one in found for pk in one.order_ids]).values_list(
            "pk", "number"
        )
    )
    links = Link.objects.select_related("owner").in_bulk({one.link_id for one in found})
    faces = faces_of(link.owner for link in links.values())
    context = {
        "step": step,
        "step_name": figures.step_names()[step],
        "count": len(found),
        "rows": [
            {
                "step": figures.step_names()[one.step],
                "at": one.at,
                "face": faces[links[one.link_id].owner_id],
                "orders": [(pk, numbers[pk]) for pk in one.order_ids if pk in numbers],
            }
            for one in found[:MOST_PEOPLE]
        ],
        "left_out": max(0, len(found) - MOST_PEOPLE),
    }
    return page(request, shop, "today", "studio/people.html", context)


@require_safe
@private
@signed_in
def counted(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Say what each number means and what is left out of it."""
    shop = shop_of(request, shop_slug)
    return page(request, shop, "today", "studio/counted.html", {})
