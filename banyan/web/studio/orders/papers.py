"""Papers of a shop's orders: receipts and invoices to send, 发票 that are asked for."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from banyan.kernel.money import Money
from banyan.kernel.problems import NotFound, Problem
from banyan.orders import actions as orders
from banyan.orders.access import visible_fapiao
from banyan.orders.actions.fapiao import LARGEST_FILE
from banyan.web.ui.shapes import Tab

from ...http import actor, number, private, signed_in
from ...shop.orders.papers import pdf_answer
from ..room import page, refusal_of, shop_of
from .one import order_of, order_page

PAGE = 30


@require_POST
@private
@signed_in
def document(request: HttpRequest, shop_slug: str, order_id: int) -> HttpResponse:
    """Write the receipt or invoice of an order, and send it."""
    shop, found = order_of(request, shop_slug, order_id)
    try:
        made = orders.issue_document(
            actor=actor(request), order_id=found.pk, kind=request.POST.get("kind", "")
        )
    except Problem as problem:
        return order_page(request, shop, found, refusal_of(problem))
    return pdf_answer(made)


@require_safe
@private
@signed_in
def fapiao(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """List the 发票 that buyers ask for, those to write first."""
    shop = shop_of(request, shop_slug)
    chosen = request.GET.get("state", "asked")
    rows = visible_fapiao(actor(request), shop.pk)
    if chosen != "all":
        rows = rows.filter(state=chosen)
    before = number(request.GET, "before")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: PAGE + 1])
    url = reverse("studio_fapiao", args=[shop.slug])
    texts = [("asked", _("To write")), ("issued", _("Issued")), ("refused", _("Turned down"))]
    context = {
        "tabs": [
            Tab(text, f"{url}?state={name}", name == chosen)
            for name, text in [*texts, ("all", _("All"))]
        ],
        "rows": [(each, Money(each.amount, each.order.currency)) for each in found[:PAGE]],
        "states": dict(texts) | {"withdrawn": _("Withdrawn")},
        "more_url": f"{url}?state={chosen}&before={found[PAGE - 1].pk}"
        if len(found) > PAGE
        else "",
    }
    return page(request, shop, "orders", "studio/fapiao.html", context)


@require_POST
@private
@signed_in
def fapiao_answer(request: HttpRequest, shop_slug: str, order_id: int) -> HttpResponse:
    """Say that it is issued, or why it is not."""
    shop, found = order_of(request, shop_slug, order_id)
    file = request.FILES.get("file")
    data = request.POST
    try:
        if data.get("do") == "issue":
            orders.issue_fapiao(
                actor=actor(request),
                order_id=found.pk,
                number=data.get("fapiao_number", ""),
                file=file.read(LARGEST_FILE + 1) if file else None,
            )
        elif data.get("do") == "refuse":
            orders.refuse_fapiao(
                actor=actor(request), order_id=found.pk, reason=data.get("fapiao_reason", "")
            )
        else:
            raise NotFound()
    except Problem as problem:
        names = {"number": "fapiao_number", "reason": "fapiao_reason", "file": "fapiao_file"}
        problem.fields = {names.get(key, key): text for key, text in problem.fields.items()}
        return order_page(request, shop, found, refusal_of(problem))
    messages.success(request, _("Done; the buyer sees it on the order's page."))
    return redirect("studio_order", shop.slug, found.pk)
