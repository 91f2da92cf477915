"""Friends' moments, and showing a purchase to whom one chooses; nothing is shown by itself."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from banyan.catalog.queries import image_ids_of
from banyan.community import actions as community
from banyan.community import queries
from banyan.community.access import ONLY_ME
from banyan.community.rules import LIVE
from banyan.groups.access import MEMBER, living_groups
from banyan.kernel.problems import NotFound, Problem
from banyan.media.models import Image
from banyan.orders.access import get_checkout_by_token
from banyan.orders.models import OrderLine
from banyan.people.access import mutes_of

from ...http import actor, number, private, revalidated, signed_in
from ...once import led_to, name_of
from ..market.cards import product_title
from .compose import AUDIENCES, shown_or_waiting
from .feed import before_of, page_of, plain


@require_safe
@revalidated
@signed_in
def moments(request: HttpRequest) -> HttpResponse:
    """What friends show to friends alone, and one's own of that kind, newest first."""
    who = actor(request)
    mutes = mutes_of(who)
    ids = queries.moment_ids(who, before=before_of(request), mutes=mutes)
    return plain(request, "moments", page_of(request, ids, mutes))


def _line(request: HttpRequest, token: str, line_id: int) -> OrderLine:
    """Return a paid line of the reader's own order."""
    who = actor(request)
    checkout = get_checkout_by_token(token)
    lines = OrderLine.objects.select_related("variant__product__shop", "order")
    line = lines.filter(
        pk=line_id,
        order__checkout=checkout,
        order__checkout__buyer_id=who.id,
        order__paid_at__isnull=False,
    ).first()
    if line is None:
        raise NotFound()
    return line


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def purchase_show(request: HttpRequest, token: str, line_id: int) -> HttpResponse:
    """Ask to whom a purchase shall be shown, and show it to them; only its buyer comes here."""
    who = actor(request)
    line = _line(request, token, line_id)
    problem: Problem | None = None
    if request.method == "POST":
        try:
            return redirect(led_to(request, name_of(request), lambda: _show(request, line)))
        except Problem as refused:
            problem = refused
    groups = living_groups().filter(memberships__account_id=who.id or 0, memberships__state=MEMBER)
    context: dict[str, Any] = {
        "nav": "me",
        "token": token,
        "title": product_title(line.variant.product),
        "values": request.POST,
        "errors": problem.fields if problem else {},
        "problem": problem,
        "audiences": AUDIENCES,
        "audience": request.POST.get("visibility", str(ONLY_ME)),
        "groups": [(str(one.pk), one.name) for one in groups.order_by("name")],
    }
    status = problem.status if problem else 200
    return render(request, "shop/community/purchase_show.html", context, status=status)


def _show(request: HttpRequest, line: OrderLine) -> str:
    """Publish a moment about what was bought: the shop's picture of it, and no price paid.

    Return where it is. No picture of what asks for an age: who reads a moment is not asked.
    """
    product = line.variant.product
    first = [] if product.min_age else image_ids_of([product.pk]).get(product.pk, [])[:1]
    images = list(Image.objects.filter(pk__in=first))
    visibility = number(request.POST, "visibility", most=9)
    on_sale = bool(images) and product.state == "active" and product.shop.state == "open"
    made = community.publish_post(
        actor=actor(request),
        kind="moment",
        images=images,
        title=product_title(product)[:120],
        body=request.POST.get("body", ""),
        tags=[community.Tag(0, product.pk, 500, 500)] if on_sale else [],
        visibility=-1 if visibility is None else visibility,
        group_id=number(request.POST, "group") if visibility == 4 else None,
    )
    if made.state == LIVE:
        messages.success(request, _("Shown, to nobody else."))
    return shown_or_waiting(request, made)
