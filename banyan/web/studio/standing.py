"""A shop's own standing: the facts with the orders behind them, appeals, licence and permits."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from banyan.catalog.access import MANAGERS
from banyan.catalog.models import Category, Shop
from banyan.catalog.queries import name_in
from banyan.kernel.digits import whole
from banyan.kernel.problems import Invalid, NotFound, Problem
from banyan.media.queries import staged_for
from banyan.standing import actions as standing
from banyan.standing.access import get_permit_for_staff
from banyan.standing.models import Appeal, Permit
from banyan.standing.queries import order_numbers, reports_by_id, standing_of
from banyan.standing.rules import LIMITS, Facts
from banyan.standing.serving import picture_answer

from ..http import actor, private, signed_in
from ..media.uploads import staged_tokens
from ..shop.standing.pages import fact_rows
from .room import page, refusal_of, shop_of


@require_safe
@private
@signed_in
def shop_standing(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Show where the shop stands, by which orders, and what it can do about it."""
    return _page(request, shop_of(request, shop_slug))


def _page(
    request: HttpRequest,
    shop: Shop,
    problem: Problem | None = None,
    tokens: list[str] | None = None,
) -> HttpResponse:
    found = standing_of(shop.pk)
    language = get_language() or "en"
    permits = Permit.objects.filter(shop=shop).select_related("category").order_by("-id")
    context = {
        "facts": found.facts,
        "state": found.verdict.state,
        "rating": found.rating,
        "rows": fact_rows(found.facts),
        "counted": _counted(shop, found.facts),
        "appeals": [
            {"appeal": one, "state": _appeal_text(one.state)}
            for one in Appeal.objects.filter(shop=shop).order_by("-id")[:10]
        ],
        "may_appeal": not Appeal.objects.filter(shop=shop, state="open").exists(),
        "permits": [
            {
                "permit": permit,
                "what": name_in(permit.category, language)
                if permit.category
                else _("Business licence"),
                "state": _permit_text(permit.state),
            }
            for permit in permits
        ],
        "categories": [
            (str(row.pk), name_in(row, language))
            for row in Category.objects.order_by("position", "id")
        ],
        "values": request.POST,
        "chosen": set(request.POST.getlist("fact")),
        "staged": staged_for(actor(request), tokens or []),
    }
    return page(request, shop, "standing", "studio/standing.html", context, problem)


def _counted(shop: Shop, facts: Facts) -> list[dict[str, Any]]:
    """Return every fact that counts, with the order or product it is about."""
    order_ids = tuple({i for kind in ("late", "refunds", "disputes") for i in facts.of(kind)})
    numbers, reports = order_numbers(order_ids), reports_by_id(facts.complaints)
    texts = {row["kind"]: row["text"] for row in fact_rows(facts)}
    rows = []
    for kind in LIMITS:
        for subject in facts.of(kind):
            report = reports.get(subject) if kind == "complaints" else None
            rows.append(
                {
                    "value": f"{kind}:{subject}",
                    "text": texts[kind],
                    "about": report.product.title if report else numbers.get(subject, ""),
                    "url": reverse("studio_product", args=[shop.slug, report.product_id])
                    if report
                    else reverse("studio_order", args=[shop.slug, subject]),
                }
            )
    return rows


def _appeal_text(state: str) -> str:
    texts = {
        "open": _("Somebody looks at it"),
        "upheld": _("Upheld"),
        "dismissed": _("Dismissed"),
    }
    return texts.get(state, state)


def _permit_text(state: str) -> str:
    texts = {
        "asked": _("Somebody looks at it"),
        "granted": _("Granted"),
        "refused": _("Turned down"),
        "withdrawn": _("Withdrawn"),
        "ended": _("No longer valid"),
    }
    return texts.get(state, state)


@require_POST
@private
@signed_in
def appeal(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Ask that some facts no longer count."""
    shop = shop_of(request, shop_slug, MANAGERS)
    facts = []
    for value in request.POST.getlist("fact")[:500]:
        kind, _colon, subject = value.partition(":")
        facts.append((kind, whole(subject) or 0))
    try:
        standing.appeal(
            actor=actor(request), shop_id=shop.pk, facts=facts, body=request.POST.get("body", "")
        )
    except Problem as problem:
        return _page(request, shop, refusal_of(problem))
    messages.success(request, _("Thank you. Somebody looks at it and answers here."))
    return redirect("studio_standing", shop.slug)


@require_safe
@private
def permit_picture(request: HttpRequest, shop_slug: str, permit_id: int) -> HttpResponse:
    """Show the shop's own people the picture of a licence or permit."""
    shop = shop_of(request, shop_slug)
    found = get_permit_for_staff(actor(request), permit_id)
    if found.shop_id != shop.pk:
        raise NotFound()
    return picture_answer(found)


@require_POST
@private
@signed_in
def permit(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Show a licence or a permit."""
    shop = shop_of(request, shop_slug, MANAGERS)
    try:
        tokens = staged_tokens(request, "picture")
    except Invalid as problem:
        return _page(request, shop, problem, problem.extra.get("tokens", []))
    typed = request.POST
    try:
        standing.ask_permit(
            actor=actor(request),
            shop_id=shop.pk,
            number=typed.get("number", ""),
            holder=typed.get("holder", ""),
            category_id=whole(typed.get("category", "")) if typed.get("category") else None,
            valid_until=_day(typed.get("valid_until", "")),
            picture=tokens[0] if tokens else "",
        )
    except Problem as problem:
        return _page(request, shop, refusal_of(problem), tokens)
    messages.success(request, _("Thank you. Somebody looks at it and answers here."))
    return redirect("studio_standing", shop.slug)


def _day(text: str) -> dt.date | None:
    if not text.strip():
        return None
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError as error:
        raise Invalid(fields={"valid_until": _("This is not a day.")}) from error
