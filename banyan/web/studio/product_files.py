"""Goods by file: the export, and the import that is looked at before it is taken in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.catalog import actions as catalog
from banyan.catalog.access import MANAGERS, get_import_for_staff
from banyan.catalog.models import ProductImport, Shop
from banyan.catalog.queries import (
    Plan,
    ProductPlan,
    exported_products,
    picture_counts,
    wanted_pictures,
)
from banyan.catalog.rules.product_csv import MOST_BYTES, Fault, csv_lines
from banyan.kernel.actors import Actor
from banyan.kernel.idempotency import Replay, form_once, new_form_token
from banyan.kernel.problems import Invalid, NotFound, Problem

from ..http import actor, private, signed_in
from .room import page, refusal_of, shop_of

MOST_FAULTS = 100
FIRST_ROWS = 20
LAST_FILES = 10
MOST_PICTURES = 60


@require_safe
@private
@signed_in
def goods_export(request: HttpRequest, shop_slug: str) -> HttpResponseBase:
    """Send all goods of the shop as a product file, piece by piece."""
    shop = shop_of(request, shop_slug)
    base = settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
    rows = csv_lines(exported_products(shop, base), shop.currency)
    answer = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    name = f"{shop.slug}-products-{timezone.now():%Y%m%d}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def goods_import(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Ask for a product file; on POST keep it and show what it would do."""
    shop = shop_of(request, shop_slug, MANAGERS)
    if request.method != "POST":
        return _ask(request, shop)
    file = request.FILES.get("file")
    try:
        if file is None:
            raise Invalid(fields={"file": _("Choose a file.")})
        kept = catalog.keep_product_file(
            actor=actor(request),
            shop_id=shop.pk,
            data=file.read(MOST_BYTES + 1),
            name=file.name or "",
            language=get_language() or "en",
        )
    except Problem as problem:
        refused = refusal_of(problem)
        if not refused.fields:
            refused = Invalid(code=refused.code, fields={"file": refused.message})
        return _ask(request, shop, refused)
    plan = catalog.look_at(actor=actor(request), kept=kept, set_stock=False)
    if plan.sheet.faults:
        return _look(request, shop, kept, plan, _refused(plan))
    return redirect("studio_import_file", shop.slug, kept.token)


def _refused(plan: Plan) -> Problem:
    return catalog.ImportRefused(plan.sheet.faults)


def _ask(request: HttpRequest, shop: Shop, problem: Problem | None = None) -> HttpResponse:
    files = ProductImport.objects.filter(shop=shop).defer("content").order_by("-id")[:LAST_FILES]
    return page(request, shop, "goods", "studio/import.html", {"files": files}, problem)


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def import_file(request: HttpRequest, shop_slug: str, token: str) -> HttpResponse:
    """Show what a kept file would do, or did; on POST take it in, once."""
    shop = shop_of(request, shop_slug, MANAGERS)
    who = actor(request)
    kept = get_import_for_staff(who, token)
    if kept.shop_id != shop.pk:
        raise NotFound()
    if request.method == "POST":
        return _take_in(request, shop, kept)
    if kept.done_at is not None:
        return _done(request, shop, kept)
    return _look(request, shop, kept, catalog.look_at(actor=who, kept=kept, set_stock=False))


def _take_in(request: HttpRequest, shop: Shop, kept: ProductImport) -> HttpResponse:
    who = actor(request)
    here = reverse("studio_import_file", args=[shop.slug, kept.token])
    set_stock = "set_stock" in request.POST
    try:
        attempt = form_once(request.POST.get("form_token", ""))
    except Problem as problem:
        plan = catalog.look_at(actor=who, kept=kept, set_stock=set_stock)
        return _look(request, shop, kept, plan, refusal_of(problem))
    if isinstance(attempt, Replay):
        return redirect(here)
    try:
        catalog.take_in_products(actor=who, token=kept.token, set_stock=set_stock)
    except Problem as problem:
        # The file stays, and so does the form: it may be sent again, changed.
        attempt.release()
        refused = refusal_of(problem)
        plan = catalog.look_at(actor=who, kept=kept, set_stock=set_stock)
        return _look(request, shop, kept, plan, refused)
    except BaseException:
        attempt.release()
        raise
    attempt.store({"url": here})
    messages.success(request, _("The file is imported."))
    return redirect(here)


def _look(
    request: HttpRequest,
    shop: Shop,
    kept: ProductImport,
    plan: Plan,
    problem: Problem | None = None,
) -> HttpResponse:
    faults = plan.sheet.faults
    context: dict[str, Any] = {
        "kept": kept,
        "total": plan.total(),
        "faults": [_fault(fault) for fault in faults[:MOST_FAULTS]],
        "faults_more": max(0, len(faults) - MOST_FAULTS),
        "fault_count": len(faults),
        "unused": plan.sheet.header.unused,
        "unknown_types": list(plan.unknown_types)[:FIRST_ROWS],
        "renamed": plan.renamed[:FIRST_ROWS],
        "stock_differs": plan.stock_differs,
        "set_stock": "set_stock" in request.POST,
        "can_confirm": not faults or all(fault.code == "stock_promised" for fault in faults),
        "rows": [_row(product) for product in _first(plan)],
        "form_token": new_form_token(),
    }
    return page(request, shop, "goods", "studio/import_file.html", context, problem)


def _fault(fault: Fault) -> dict[str, Any]:
    return {
        "line": fault.line,
        "column": fault.column,
        "value": fault.shown,
        "reason": fault.reason,
        "advice": fault.advice,
    }


def _first(plan: Plan) -> list[ProductPlan]:
    """Return the first products that something happens to, else the first ones."""
    touched = [product for product in plan.products if product.kind != "same"]
    return (touched or plan.products)[:FIRST_ROWS]


def _row(plan: ProductPlan) -> dict[str, Any]:
    kinds = {
        "new": (_("New"), "good"),
        "changed": (_("Changed"), "gold"),
        "same": (_("Unchanged"), ""),
    }
    return {
        "line": plan.row.line,
        "title": plan.row.given["title"],
        "slug": plan.row.slug,
        "kind": kinds[plan.kind],
        "what": ", ".join(_what(plan)),
    }


def _what(plan: ProductPlan) -> list[str]:
    """Say what changes, in the words of the product form."""
    texts = {
        "title": _("title"),
        "description": _("description"),
        "vendor": _("vendor"),
        "tags": _("tags"),
        "options": _("options"),
        "category_id": _("category"),
    }
    said = []
    if plan.kind == "changed":
        said += [text for name, text in texts.items() if name in plan.columns]
    fresh = sum(1 for v in plan.variants if v.known is None)
    changed = sum(1 for v in plan.variants if v.known is not None and v.columns)
    stock = sum(1 for v in plan.variants if v.known is not None and v.on_hand is not None)
    counted = [
        (fresh, ngettext("%(n)d new variant", "%(n)d new variants", fresh)),
        (changed, ngettext("%(n)d changed variant", "%(n)d changed variants", changed)),
        (
            len(plan.retired),
            ngettext("%(n)d variant off sale", "%(n)d variants off sale", len(plan.retired)),
        ),
        (stock, ngettext("%(n)d stock figure", "%(n)d stock figures", stock)),
        (len(plan.pictures), ngettext("%(n)d picture", "%(n)d pictures", len(plan.pictures))),
    ]
    said += [text % {"n": number} for number, text in counted if number]
    states = {"active": _("on sale"), "draft": _("draft"), "archived": _("put away")}
    if plan.state:
        said.append(states[plan.state])
    if plan.order:
        said.append(_("order of the variants"))
    return said


def _taken_in(
    request: HttpRequest, shop_slug: str, token: str
) -> tuple[Shop, Actor, ProductImport]:
    """Return a file of this shop that was taken in, for its managers; NotFound for any other."""
    shop = shop_of(request, shop_slug, MANAGERS)
    who = actor(request)
    kept = get_import_for_staff(who, token)
    if kept.shop_id != shop.pk or kept.done_at is None:
        raise NotFound()
    return shop, who, kept


@require_POST
@private
@signed_in
def import_pictures(request: HttpRequest, shop_slug: str, token: str) -> HttpResponse:
    """Take the pictures that the file named from a ZIP."""
    shop, who, kept = _taken_in(request, shop_slug, token)
    file = request.FILES.get("zip")
    try:
        if file is None or file.file is None:
            raise Invalid(fields={"zip": _("Choose a ZIP.")})
        done = catalog.take_pictures_from_zip(actor=who, token=token, zipped=file.file)
    except Problem as problem:
        return _done(request, shop, kept, refusal_of(problem))
    said = ngettext("%(n)d picture added.", "%(n)d pictures added.", done.taken)
    messages.success(request, said % {"n": done.taken})
    if done.refused:
        said = ngettext("%(n)d picture was refused.", "%(n)d pictures were refused.", done.refused)
        messages.warning(request, said % {"n": done.refused})
    if done.left:
        said = ngettext(
            "%(n)d more is in the ZIP: send it once more.",
            "%(n)d more are in the ZIP: send it once more.",
            done.left,
        )
        messages.warning(request, said % {"n": done.left})
    return redirect("studio_import_file", shop.slug, kept.token)


@require_POST
@private
@signed_in
def import_fetch(request: HttpRequest, shop_slug: str, token: str) -> HttpResponse:
    """Have the addresses that failed fetched once more."""
    shop, who, kept = _taken_in(request, shop_slug, token)
    count = catalog.fetch_again(actor=who, token=token)
    if count:
        said = ngettext("%(n)d address is tried again.", "%(n)d addresses are tried again.", count)
        messages.success(request, said % {"n": count})
    return redirect("studio_import_file", shop.slug, kept.token)


def _reason(code: str) -> str:
    """Say why a picture was refused, or was not fetched."""
    known = {
        "": "",
        "upload_too_large": _("larger than 15 MB"),
        "upload_not_an_image": _("not a picture"),
        "upload_unsupported": _("a kind of picture that is not taken"),
        "upload_too_many_pixels": _("too many pixels"),
        "upload_too_narrow": _("far too long and narrow"),
        "too_many_pictures": _("the product has 12 pictures already"),
        "fetch_address": _("an address of a kind that is not fetched"),
        "fetch_private": _("the address does not lead to the public internet"),
        "fetch_unknown_host": _("nobody knows this host"),
        "fetch_unreachable": _("the host cannot be reached"),
        "fetch_timeout": _("no picture within 10 seconds"),
        "fetch_certificate": _("the certificate of the host is not valid"),
        "fetch_redirects": _("led on to other addresses too often"),
        "fetch_cut_off": _("the picture ended early"),
        "fetch_interrupted": _("fetching it never came to an end"),
    }
    if code.startswith("fetch_status_"):
        return _("the host answers with the error %(number)s") % {"number": code[-3:]}
    return known.get(code, _("damaged"))


def _done(
    request: HttpRequest, shop: Shop, kept: ProductImport, problem: Problem | None = None
) -> HttpResponse:
    context = {
        "kept": kept,
        "total": kept.result,
        "unused": kept.result.get("unused", []),
        "pictures": [(row, _reason(row.reason)) for row in wanted_pictures(kept)[:MOST_PICTURES]],
        "counts": picture_counts(kept),
    }
    return page(request, shop, "goods", "studio/import_done.html", context, problem)
