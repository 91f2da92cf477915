"""The shop's flash sales: planned, looked at, published, paused, ended, and how they went."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.campaigns.figures import of_units
from banyan.catalog.access import MANAGERS
from banyan.catalog.models import Shop, Variant
from banyan.catalog.rules.product_csv.cells import protect
from banyan.kernel.money import Money
from banyan.kernel.problems import NotFound, Problem
from banyan.notify.queries import reachable_share
from banyan.sales import actions as sales
from banyan.sales.access import get_batch_for_staff, get_sale_for_staff, visible_sales
from banyan.sales.models import Bucket, CodeBatch, Sale
from banyan.sales.queries import baselines, buckets_of, left_in, results_of
from banyan.sales.reminders import STARTS

from ..http import actor, private, signed_in
from ..once import led_to, name_of
from .room import older, page, refusal_of, shop_of
from .typed import Typed

ROWS = 3
MOST_SHOWN = 50
MOST_CHOICES = 500


def sale_state(sale: Sale) -> tuple[str, str]:
    """Return how a sale stands, as words and the tone of their badge."""
    if sale.paused_at is not None and sale.state != "ended":
        return _("Paused"), "gold"
    known = {
        "draft": (_("Draft"), ""),
        "scheduled": (_("Planned"), "ink"),
        "warm": (_("Begins soon"), "gold"),
        "on": (_("Under way"), "good"),
        "sold_out": (_("Sold out"), "bad"),
        "ended": (_("Over"), ""),
    }
    return known[sale.state]


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def sales_list(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """List the sales, newest first; on POST plan one."""
    shop = shop_of(request, shop_slug, MANAGERS)
    if request.method != "POST":
        values = {"per_person": "1", "ttl_minutes": "10", "first_seconds": "30", "at_once": "50"}
        return _list(request, shop, values)
    try:
        made = sales.plan_sale(actor=actor(request), shop_id=shop.pk, data=_read(request, shop))
    except Problem as problem:
        return _list(request, shop, request.POST, refusal_of(problem))
    messages.success(request, _("The draft is saved. Look at it, then publish it."))
    return redirect("studio_sale", shop.slug, made.pk)


def _read(request: HttpRequest, shop: Shop) -> sales.SaleInput:
    typed = Typed(request.POST, shop.currency)
    typed.required("title", "starts_at", "ends_at", "per_person", "ttl_minutes")
    starts = typed.moment("starts_at", shop.timezone)
    ends = typed.moment("ends_at", shop.timezone)
    leftover = typed.moment("leftover_at", shop.timezone)
    numbers: dict[str, Any] = {
        name: typed.whole(name)
        for name in ("per_person", "ttl_minutes", "first_seconds", "at_once")
        if typed.text(name)
    }
    items = [_item(typed, row) for row in range(1, ROWS + 1) if typed.text(f"variant_{row}")]
    typed.check()
    assert starts is not None
    assert ends is not None
    return sales.SaleInput(
        title=typed.text("title"),
        starts_at=starts,
        ends_at=ends,
        leftover_at=leftover,
        items=items,
        admission="queue" if typed.text("admission") == "queue" else "none",
        ticketed="ticketed" in request.POST,
        **{name: n for name, n in numbers.items() if n is not None},
    )


def _item(typed: Typed, row: int) -> sales.ItemInput:
    typed.required(f"price_{row}")
    sizes = {kind: typed.whole(f"{kind}_{row}") or 0 for kind in ("public", "code", "fans")}
    return sales.ItemInput(
        typed.row_id(f"variant_{row}") or 0, typed.amount(f"price_{row}") or 0, **sizes
    )


def _list(
    request: HttpRequest, shop: Shop, values: Any, problem: Problem | None = None
) -> HttpResponse:
    rows, more = older(request, visible_sales(actor(request), shop.pk), MOST_SHOWN)
    variants = Variant.objects.filter(
        product__shop=shop, product__state="active", is_active=True
    ).select_related("product", "stock")
    context = {
        "values": values,
        "rows": [{"sale": sale, "state": sale_state(sale)} for sale in rows],
        "more_url": more,
        "item_rows": range(1, ROWS + 1),
        "choices": [
            {"id": str(one.pk), "text": _choice(one)}
            for one in variants.order_by("-product_id", "position")[:MOST_CHOICES]
        ],
    }
    return page(request, shop, "sales", "studio/sales.html", context, problem)


def _choice(variant: Variant) -> str:
    name = " / ".join([variant.product.title, *variant.values])
    return _("%(name)s (%(free)s free)") % {"name": name, "free": variant.stock.free}


def _sale_of(request: HttpRequest, shop: Shop, sale_id: int) -> Sale:
    sale = get_sale_for_staff(actor(request), sale_id)
    if sale.shop_id != shop.pk:
        raise NotFound()
    return sale


@require_safe
@private
@signed_in
def sale(request: HttpRequest, shop_slug: str, sale_id: int) -> HttpResponse:
    """Show a sale: what it is, what can be done with it, and how it goes."""
    shop = shop_of(request, shop_slug, MANAGERS)
    return _sale(request, shop, _sale_of(request, shop, sale_id))


def _sale(
    request: HttpRequest, shop: Shop, shown: Sale, problem: Problem | None = None
) -> HttpResponse:
    buckets = buckets_of(shown)
    lowest = baselines([bucket.item.variant_id for bucket in buckets])
    batches = CodeBatch.objects.filter(item__sale=shown).select_related("item__variant__product")
    context = {
        "sale": shown,
        "state": sale_state(shown),
        "items": _items(buckets, lowest),
        "results": results_of(shown),
        "figures": of_units(shown, buckets[0].item.currency),
        "reach": reachable_share(kind=STARTS, subject_id=shown.pk),
        "batches": list(batches.order_by("-id")),
        "with_codes": [bucket.item for bucket in buckets if bucket.kind == "code"],
        "values": request.POST,
    }
    return page(request, shop, "sales", "studio/sale.html", context, problem)


def _items(buckets: list[Bucket], lowest: dict[int, int]) -> list[dict[str, Any]]:
    words = {"public": _("Everybody"), "code": _("F-codes"), "fans": _("Fans")}
    found: dict[int, dict[str, Any]] = {}
    for bucket in buckets:
        item = bucket.item
        base = item.baseline_amount or lowest.get(item.variant_id)
        row = found.setdefault(
            item.pk,
            {
                "name": " / ".join([item.variant.product.title, *item.variant.values]),
                "price": Money(item.amount, item.currency),
                "baseline": Money(base, item.currency) if base is not None else None,
                "above": base is not None and item.amount > base,
                "buckets": [],
            },
        )
        left = left_in(bucket)
        row["buckets"].append({"kind": words[bucket.kind], "size": bucket.size, "left": left})
    return list(found.values())


@require_POST
@private
@signed_in
def sale_act(request: HttpRequest, shop_slug: str, sale_id: int) -> HttpResponse:
    """Publish, pause, resume, end or throw away."""
    shop = shop_of(request, shop_slug, MANAGERS)
    shown = _sale_of(request, shop, sale_id)
    who, wanted = actor(request), request.POST.get("do", "")
    acts = {
        "publish": (sales.publish_sale, _("The sale is published; its units are kept.")),
        "pause": (sales.pause_sale, _("Nobody can claim now. Who has a unit can still pay.")),
        "resume": (sales.resume_sale, _("The sale goes on.")),
        "end": (sales.end_sale, _("The sale is over. What is left is free again in a minute.")),
    }
    try:
        if wanted == "discard":
            sales.discard_sale(actor=who, sale_id=shown.pk)
            messages.success(request, _("The draft is gone."))
            return redirect("studio_sales", shop.slug)
        if wanted not in acts:
            raise NotFound()
        act, told = acts[wanted]
        act(actor=who, sale_id=shown.pk)
    except Problem as problem:
        return _sale(request, shop, shown, refusal_of(problem))
    messages.success(request, told)
    return redirect("studio_sale", shop.slug, shown.pk)


@require_POST
@private
@signed_in
def sale_codes(request: HttpRequest, shop_slug: str, sale_id: int) -> HttpResponse:
    """Make a batch of F-codes, or call one back."""
    shop = shop_of(request, shop_slug, MANAGERS)
    shown = _sale_of(request, shop, sale_id)
    typed = Typed(request.POST)
    try:
        if batch_id := typed.row_id("revoke"):
            if get_batch_for_staff(actor(request), batch_id).item.sale_id != shown.pk:
                raise NotFound()
            n = sales.revoke_codes(actor=actor(request), batch_id=batch_id)
            told = ngettext("%(n)s code is called back.", "%(n)s codes are called back.", n)
            messages.success(request, told % {"n": n})
            return redirect("studio_sale", shop.slug, shown.pk)
        return redirect(led_to(request, name_of(request), lambda: _issue(request, shop, shown)))
    except Problem as problem:
        return _sale(request, shop, shown, refusal_of(problem))


def _issue(request: HttpRequest, shop: Shop, shown: Sale) -> str:
    typed = Typed(request.POST)
    count, ends = typed.whole("count"), typed.moment("expires_at", shop.timezone)
    typed.check()
    sales.issue_codes(
        actor=actor(request),
        sale_id=shown.pk,
        variant_id=typed.row_id("variant") or 0,
        channel=typed.text("channel"),
        count=count or 0,
        expires_at=ends,
        recipients=tuple(_named(typed.text("recipients"))),
    )
    messages.success(request, _("The codes are made. Take the file and hand them out."))
    return reverse("studio_sale", args=[shop.slug, shown.pk])


def _named(text: str) -> list[str]:
    """Return the addresses and numbers of a list; only with commas may a number have spaces."""
    parts = text.split(",") if "," in text else text.split()
    return [part.strip() for part in parts if part.strip()]


@require_POST
@private
@signed_in
def sale_fans(request: HttpRequest, shop_slug: str, sale_id: int) -> HttpResponse:
    """Put members on the sale's list of fans."""
    shop = shop_of(request, shop_slug, MANAGERS)
    shown = _sale_of(request, shop, sale_id)
    handles = request.POST.get("handles", "").replace(",", " ").split()
    n = sales.list_fans(actor=actor(request), sale_id=shown.pk, handles=handles)
    told = ngettext(
        "%(n)s of them is a member and on the list.",
        "%(n)s of them are members and on the list.",
        n,
    )
    messages.success(request, told % {"n": n})
    return redirect("studio_sale", shop.slug, shown.pk)


@require_safe
@private
@signed_in
def sale_codes_file(request: HttpRequest, shop_slug: str, batch_id: int) -> HttpResponse:
    """Send a batch of codes as a file: code, for whom, state, and until when."""
    shop = shop_of(request, shop_slug, MANAGERS)
    batch = get_batch_for_staff(actor(request), batch_id)
    if batch.item.sale.shop_id != shop.pk:
        raise NotFound()
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["code", "recipient", "state", "expires_at"])
    for right in sales.codes_of(actor=actor(request), batch_id=batch.pk):
        ends = timezone.localtime(right.expires_at).isoformat()
        writer.writerow([right.code, protect(right.recipient), right.state, ends])
    answer = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{shop.slug}-codes-{batch.pk}.csv"'
    return answer
