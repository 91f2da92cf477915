"""A shop's rooms: who may enter, and what stands on every page of them."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from banyan.catalog.access import EVERYONE, MANAGERS, get_shop_for_staff, works_in
from banyan.catalog.models import Shop
from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound, Problem

from .. import zones
from ..http import actor, number

M = TypeVar("M", bound=Model)


def shop_of(request: HttpRequest, shop_slug: str, roles: tuple[str, ...] = EVERYONE) -> Shop:
    """Return the shop of the address for those who work in it; NotFound for all others.

    The page has the shop's time zone from here on.
    """
    shop_id = Shop.objects.filter(slug__iexact=shop_slug).values_list("id", flat=True).first()
    if shop_id is None:
        raise NotFound()
    shop = get_shop_for_staff(actor(request), shop_id, roles)
    zones.take(shop.timezone)
    return shop


def refusal_of(problem: Problem) -> Problem:
    """Return a problem that a form can show; raise any other again."""
    if problem.status not in {409, 422}:
        raise problem
    return problem


def page(
    request: HttpRequest,
    shop: Shop,
    room: str,
    template: str,
    context: dict[str, Any],
    problem: Problem | None = None,
) -> HttpResponse:
    """Draw a page of the shop; with ``problem`` it answers 422 and says what is wrong."""
    context = frame(request, shop, room, problem) | context
    return render(request, template, context, status=422 if problem else 200)


def older(request: HttpRequest, rows: QuerySet[M], most: int) -> tuple[list[M], str]:
    """Return so many of rows that come newest first, and the query for those before, if any."""
    before = number(request.GET, "before")
    found = list((rows if before is None else rows.filter(pk__lt=before))[: most + 1])
    return found[:most], f"?before={found[most - 1].pk}" if len(found) > most else ""


def frame(
    request: HttpRequest, shop: Shop, room: str, problem: Problem | None = None
) -> dict[str, Any]:
    """Return what every page of the shop is drawn with."""
    who = actor(request)
    return {
        "shop": shop,
        "studio_nav": _nav(who, shop, room),
        "manages": works_in(who, shop.pk, MANAGERS),
        "problem": problem,
        "errors": problem.fields if problem else {},
    }


def _nav(who: Actor, shop: Shop, room: str) -> list[dict[str, Any]]:
    rooms = [("today", _("Today"), "chart"), ("orders", _("Orders"), "orders")]
    rooms += [("inbox", _("Inbox"), "chat")]
    rooms += [("goods", _("Goods"), "box"), ("stocks", _("Stock"), "filter")]
    rooms += [("redeem", _("Redeem"), "qr")]
    rooms += [("shares", _("Shares"), "share")]
    rooms += [("standing", _("Standing"), "shield")]
    rooms += [("staff", _("Staff"), "people")]
    if works_in(who, shop.pk, MANAGERS):
        rooms += [("collections", _("Collections"), "board"), ("pool", _("The pool"), "shop")]
        rooms += [("campaigns", _("Campaigns"), "gift")]
        rooms += [("sales", _("Flash sales"), "clock"), ("coupons", _("Coupons"), "tag")]
        rooms += [("money", _("Money"), "wallet")]
        rooms += [("payments", _("Payments"), "coin")]
        rooms += [("settings", _("Settings"), "settings")]
    return [
        {
            "text": text,
            "icon": icon,
            "url": reverse(f"studio_{name}", args=[shop.slug]),
            "current": name == room,
        }
        for name, text, icon in rooms
    ]
