"""How a shop keeps its word, what buyers say, and saying that something is wrong."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.catalog.access import get_product_for, get_product_for_id, get_shop_for
from banyan.kernel.digits import whole
from banyan.kernel.problems import Problem
from banyan.people.access import hidden_from
from banyan.standing import actions as standing
from banyan.standing.access import visible_reviews
from banyan.standing.queries import standing_of
from banyan.standing.rules import LIMITS, REASONS, Facts

from ...http import actor, number, private, revalidated, signed_in
from ..market.cards import product_title, product_url
from ..people.faces import faces_of, somebody
from .age import age_of, gate

PAGE = 20


def fact_rows(facts: Facts) -> list[dict[str, Any]]:
    """Return the facts as people read them: how many of how many, and where the bar is."""
    texts = {
        "late": _("Sent later than three days after payment"),
        "refunds": _(
            "Refunded, in part or in full; what was cancelled before it was sent is left out"
        ),
        "disputes": _("Disputed, and open or decided for the buyer"),
        "complaints": _("Complaints about its goods that were right"),
    }
    return [
        {
            "kind": kind,
            "text": texts[kind],
            "count": len(facts.of(kind)),
            "percent": facts.rate_bps(kind) / 100,
            "limit": limit / 100,
            "over": len(facts.of(kind)) * 10_000 > limit * facts.orders,
        }
        for kind, limit in LIMITS.items()
    ]


@require_safe
@revalidated
def shop_standing(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Show shoppers the facts of the last ninety days."""
    shop = get_shop_for(actor(request), shop_slug)
    found = standing_of(shop.pk)
    context = {
        "nav": "explore",
        "shop": shop,
        "facts": found.facts,
        "state": found.verdict.state,
        "rating": found.rating,
        "rows": fact_rows(found.facts),
    }
    return render(request, "shop/standing/shop.html", context)


@require_safe
@revalidated
def reviews(request: HttpRequest, shop_slug: str, slug: str) -> HttpResponse:
    """Show what buyers say of a product, newest first."""
    product, _images = get_product_for(actor(request), shop_slug, slug)
    if product.min_age and age_of(request) < product.min_age:
        return gate(request, min_age=product.min_age)
    rows = visible_reviews(product.pk)
    before = number(request.GET, "before")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    page = list(rows[: PAGE + 1])
    authors = {row.author.pk: row.author for row in page if row.author is not None}
    # What a buyer says of goods stays; whoever is closed, or apart from the reader, has no name.
    hidden = hidden_from(actor(request), authors)
    faces = faces_of(one for pk, one in authors.items() if pk not in hidden)
    context = {
        "nav": "explore",
        "product": product,
        "title": product_title(product),
        "goods_url": product_url(product),
        "average": product.stars / product.ratings if product.ratings else None,
        "rows": [
            {"review": row, "face": faces.get(row.author_id or 0) or somebody()}
            for row in page[:PAGE]
        ],
        "more_url": f"?before={page[PAGE - 1].pk}" if len(page) > PAGE else "",
    }
    return render(request, "shop/standing/reviews.html", context)


@require_POST
@private
def review_write(request: HttpRequest, token: str, line_id: int) -> HttpResponse:
    """Say how good something is that one received."""
    try:
        standing.write_review(
            actor=actor(request),
            line_id=line_id,
            stars=whole(request.POST.get("stars", ""), most=9) or 0,
            body=request.POST.get("body", ""),
            access_token=token,
        )
    except Problem as problem:
        if problem.status not in {403, 409, 422}:
            raise
        told = next(iter(problem.fields.values()), problem.message)
        messages.warning(request, str(told))
    else:
        messages.success(request, _("Thank you. Other buyers can read it now."))
    return redirect("purchase", token)


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def report(request: HttpRequest, product_id: int) -> HttpResponse:
    """Say that a product is not good."""
    product = get_product_for_id(actor(request), product_id)
    if product.min_age and age_of(request) < product.min_age:
        return gate(request, min_age=product.min_age)
    problem: Problem | None = None
    if request.method == "POST":
        try:
            standing.report_product(
                actor=actor(request),
                product_id=product.pk,
                reason=request.POST.get("reason", ""),
                body=request.POST.get("body", ""),
            )
        except Problem as refused:
            if refused.status not in {409, 422, 429}:
                raise
            problem = refused
        else:
            messages.success(request, _("Thank you. Somebody will look at it."))
            return redirect(product_url(product))
    chosen = request.POST.get("reason") or "misleading"
    context = {
        "nav": "explore",
        "title": product_title(product),
        "goods_url": product_url(product),
        "product_id": product.pk,
        "reasons": [
            {"value": value, "text": text, "checked": value == chosen}
            for value, text in REASONS.items()
        ],
        "body": request.POST.get("body", ""),
        "problem": problem,
        "errors": problem.fields if problem else {},
    }
    status = problem.status if problem else 200
    return render(request, "shop/standing/report.html", context, status=status)
