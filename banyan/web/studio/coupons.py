"""The shop's coupons: the list, the wizard that makes one, and each one's own page."""

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

from banyan.catalog.access import MANAGERS
from banyan.catalog.models import Shop
from banyan.entitlements import actions as entitlements
from banyan.entitlements.access import visible_coupons
from banyan.entitlements.models import Coupon, Grant
from banyan.entitlements.rules import terms_of
from banyan.insights.queries import reminder_report
from banyan.kernel.money import Money
from banyan.kernel.problems import NotFound, Problem

from ..http import actor, pressed, private, signed_in
from ..once import led_to, name_of
from .coupon_form import drawn, field_errors, read_rules
from .coupon_words import REACHES, STACKING, example, row
from .reminders import reminder_lines
from .room import older, page, refusal_of, shop_of
from .typed import Typed, moment_text

MOST_SHOWN = 100
FRESH = {"cap": "100", "per_person": "1", "reach": "code", "stacking": "shop"}


@require_safe
@private
@signed_in
def coupons(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """List the coupons, newest first."""
    shop = shop_of(request, shop_slug, MANAGERS)
    found, more = older(request, visible_coupons(actor(request), shop.pk), MOST_SHOWN)
    context = {"rows": [row(one) for one in found], "more_url": more}
    return page(request, shop, "coupons", "studio/coupons.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def coupon_new(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Ask what a coupon gives, for what, to whom; show it in words; on POST make it."""
    shop = shop_of(request, shop_slug, MANAGERS)
    if request.method != "POST":
        return _wizard(request, shop, FRESH)
    try:
        if "again" in request.POST:
            return _wizard(request, shop, request.POST, preview=_preview(request, shop))
        return redirect(led_to(request, name_of(request), lambda: _made_at(request, shop)))
    except Problem as problem:
        return _wizard(request, shop, request.POST, refusal_of(problem))


def _made_at(request: HttpRequest, shop: Shop) -> str:
    made = _create(request, shop)
    messages.success(request, _("The coupon %(code)s can be used now.") % {"code": made.code})
    return reverse("studio_coupon", args=[shop.slug, made.pk])


def _read(request: HttpRequest, shop: Shop) -> dict[str, Any]:
    """Return the form as ``create_coupon`` takes it; Invalid names all that cannot be read."""
    typed = Typed(request.POST, shop.currency)
    cap, per_person = typed.whole("cap"), typed.whole("per_person")
    found = {
        "title": typed.text("title"),
        "code": typed.text("code"),
        "benefits": read_rules("benefits", typed, shop),
        "conditions": read_rules("conditions", typed, shop),
        "stacking": typed.text("stacking"),
        "reach": typed.text("reach") or "code",
        "cap": 1 if cap is None else cap,
        "per_person": 1 if per_person is None else per_person,
        "budget": typed.amount("budget"),
        "life_days": typed.whole("life_days"),
        "starts_at": typed.moment("starts_at", shop.timezone),
        "ends_at": typed.moment("ends_at", shop.timezone),
    }
    typed.check()
    return found


def _create(request: HttpRequest, shop: Shop) -> Coupon:
    return entitlements.create_coupon(actor=actor(request), shop_id=shop.pk, **_read(request, shop))


def _preview(request: HttpRequest, shop: Shop) -> dict[str, Any]:
    """Return the coupon in words, and what a basket of the shop's would cost with it."""
    found = _read(request, shop)
    terms = terms_of(found["conditions"], found["benefits"])
    known = found["stacking"] in STACKING
    return {
        "terms": terms.sentences(shop.currency),
        "example": example(shop, terms, found["stacking"] if known else "shop"),
        "stacking": STACKING.get(found["stacking"], ""),
        "reach": REACHES.get(found["reach"], ""),
    }


def _wizard(
    request: HttpRequest,
    shop: Shop,
    values: Any,
    problem: Problem | None = None,
    preview: dict[str, Any] | None = None,
) -> HttpResponse:
    if problem is not None:
        problem.fields = field_errors(problem.fields)
    errors = problem.fields if problem else {}
    context = {
        "values": values,
        "benefits": drawn("benefits", values, shop, errors),
        "conditions": drawn("conditions", values, shop, errors),
        "stackings": [(code, STACKING[code]) for code in ("shop", "shipping", "exclusive")],
        "reaches": list(REACHES.items()),
        "preview": preview,
    }
    return page(request, shop, "coupons", "studio/coupon_new.html", context, problem)


def _coupon_of(shop: Shop, coupon_id: int) -> Coupon:
    found = Coupon.objects.filter(pk=coupon_id, shop=shop).first()
    if found is None:
        raise NotFound()
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def coupon(request: HttpRequest, shop_slug: str, coupon_id: int) -> HttpResponse:
    """Show a coupon and how it stands; on POST change what may still change."""
    shop = shop_of(request, shop_slug, MANAGERS)
    found = _coupon_of(shop, coupon_id)
    if request.method != "POST":
        return _one(request, shop, found)
    try:
        typed = Typed(request.POST, shop.currency)
        values: dict[str, Any] = {
            "title": typed.text("title"),
            "cap": typed.whole("cap") or 0,
            "per_person": typed.whole("per_person") or 0,
            "budget": typed.amount("budget"),
            "ends_at": typed.moment("ends_at", shop.timezone, found.ends_at),
        }
        typed.check()
        entitlements.edit_coupon(actor=actor(request), coupon_id=found.pk, **values)
    except Problem as problem:
        return _one(request, shop, found, request.POST, refusal_of(problem))
    messages.success(request, _("Saved."))
    return redirect("studio_coupon", shop.slug, found.pk)


def _one(
    request: HttpRequest,
    shop: Shop,
    found: Coupon,
    values: Any = None,
    problem: Problem | None = None,
) -> HttpResponse:
    budget = found.budget
    context = {
        "row": row(found),
        "typed_n": request.POST.get("n", ""),
        "reminders": reminder_lines(reminder_report(found.pk)),
        "printed": Grant.objects.filter(coupon=found, source="printed").count(),
        "values": values
        or {
            "title": found.title,
            "cap": found.cap,
            "per_person": found.per_person,
            "budget": "" if budget is None else str(Money(budget, found.currency).decimal),
            "ends_at": moment_text(found.ends_at, shop.timezone),
        },
    }
    return page(request, shop, "coupons", "studio/coupon.html", context, problem)


@require_POST
@private
@signed_in
def coupon_state(request: HttpRequest, shop_slug: str, coupon_id: int) -> HttpResponse:
    """Stop a coupon for now, or let it be used again."""
    found = _coupon_of(shop_of(request, shop_slug, MANAGERS), coupon_id)
    if pressed(request, "pause", "resume") == "resume":
        entitlements.resume_coupon(actor=actor(request), coupon_id=found.pk)
        text = _("The coupon %(code)s can be used now.") % {"code": found.code}
    else:
        entitlements.pause_coupon(actor=actor(request), coupon_id=found.pk)
        text = _("The coupon is stopped. Orders already placed keep their price.")
    messages.success(request, text)
    return redirect("studio_coupon", shop_slug, found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def coupon_codes(request: HttpRequest, shop_slug: str, coupon_id: int) -> HttpResponse:
    """Return the printed codes as a file; on POST print more."""
    shop = shop_of(request, shop_slug, MANAGERS)
    found = _coupon_of(shop, coupon_id)
    if request.method != "POST":
        return _file(found)
    try:
        return redirect(led_to(request, name_of(request), lambda: _print(request, shop, found)))
    except Problem as problem:
        return _one(request, shop, found, None, refusal_of(problem))


def _print(request: HttpRequest, shop: Shop, found: Coupon) -> str:
    typed = Typed(request.POST)
    n = typed.whole("n") or 0
    typed.check()
    made = entitlements.print_codes(actor=actor(request), coupon_id=found.pk, n=n)
    text = ngettext(
        "%(n)s code is made. It works once; the file has it.",
        "%(n)s codes are made. Each works once; the file has them all.",
        len(made),
    )
    messages.success(request, text % {"n": len(made)})
    return reverse("studio_coupon", args=[shop.slug, found.pk])


def _file(found: Coupon) -> HttpResponse:
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(["code", "state", "expires_at"])
    grants = Grant.objects.filter(coupon=found, source="printed").order_by("id")
    for grant in grants.iterator():
        ends = timezone.localtime(grant.expires_at).isoformat() if grant.expires_at else ""
        writer.writerow([grant.code, grant.state, ends])
    answer = HttpResponse(lines.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="coupon-{found.pk}-codes.csv"'
    return answer
