"""The shares that led people to the shop: a list, and where each of them travelled."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from banyan.catalog.models import Shop
from banyan.insights.queries import channels_of, journey_of
from banyan.kernel import clock
from banyan.kernel.money import Money
from banyan.kernel.problems import NotFound
from banyan.orders.models import OrderLine
from banyan.sharing import ports
from banyan.sharing.channels import CHAT, GROUP
from banyan.sharing.models import Link
from banyan.sharing.queries import roots_in

from ..http import actor, number, private, signed_in
from ..shop.sharing import travel
from .figures import MONTH, scope_of
from .room import frame, page, shop_of

PAGE = 50


@require_safe
@private
@signed_in
def shares(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """List the shares that led to the shop and its goods, newest first."""
    shop = shop_of(request, shop_slug)
    before = number(request.GET, "before")
    roots = roots_in(scope_of(shop), before=before, limit=PAGE + 1)
    shown = roots[:PAGE]
    start = clock.now() - MONTH
    context = {
        "channels": _channels(shop, start) if before is None else [],
        "rows": _rows(shop, shown),
        "more_url": f"?before={shown[-1].pk}" if len(roots) > PAGE else "",
    }
    return page(request, shop, "shares", "studio/shares.html", context)


def _channels(shop: Shop, start: dt.datetime) -> list[dict[str, Any]]:
    named = {
        "web": _("Browsers"),
        CHAT: _("Chats of two, and with shops"),
        GROUP: _("Group chats"),
    }
    return [
        {
            "name": named.get(one.name, one.name),
            "opened": one.opened,
            "orders": one.orders,
            "goods": one.goods or [Money(0, shop.currency)],
        }
        for one in channels_of(scope_of(shop), shop.pk, start=start)
    ]


def _rows(shop: Shop, roots: list[Link]) -> list[dict[str, Any]]:
    ids = [root.pk for root in roots]
    links = dict(
        Link.objects.filter(root_id__in=ids).values_list("root_id").annotate(n=Count("id"))
    )
    orders: dict[int, set[int]] = {}
    sold = OrderLine.objects.filter(
        Q(link_id__in=ids) | Q(link__root_id__in=ids),
        order__shop=shop,
        order__paid_at__isnull=False,
    )
    for link_id, root_id, order_id in sold.values_list("link_id", "link__root_id", "order_id"):
        orders.setdefault(root_id or link_id or 0, set()).add(order_id)
    cards = ports.cards_of(roots)
    return [
        {
            "link": root,
            "card": cards.get(root.pk),
            "links": 1 + links.get(root.pk, 0),
            "orders": len(orders.get(root.pk, ())),
        }
        for root in roots
    ]


@require_safe
@private
@signed_in
def share_room(request: HttpRequest, shop_slug: str, code: str, room: str) -> HttpResponse:
    """Show how a share travelled whose tree led to the shop; its sales are this shop's alone."""
    shop = shop_of(request, shop_slug)
    link = Link.objects.select_related("owner").filter(code=code).first()
    if link is None or not _led_here(shop, link):
        raise NotFound()
    found = travel.Travel(
        link,
        journey_of(link, shop_id=shop.pk),
        actor(request),
        lambda room: reverse(f"studio_share_{room}", args=[shop.slug, code]),
        shop_id=shop.pk,
    )
    context = frame(request, shop, "shares") | {"layout": "ui/layouts/studio.html"}
    return travel.show(request, room, found, context)


def _led_here(shop: Shop, link: Link) -> bool:
    root_id = link.root_id or link.pk
    return any(root.pk == root_id for root in roots_in(scope_of(shop), before=root_id + 1, limit=1))
