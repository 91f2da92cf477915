"""Making and changing a product."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from banyan.catalog import actions as catalog
from banyan.catalog.access import MANAGERS, get_product_for_staff
from banyan.catalog.models import Product, Shop
from banyan.kernel.problems import NotFound, Problem
from banyan.media.actions import claim_staged, stage
from banyan.media.queries import alts_of, staged_for, thumb_urls

from ..http import actor, private, signed_in
from ..media.uploads import typed_texts, with_typed_texts
from ..once import led_to, name_of
from . import attributes
from . import product_form as form
from .room import page, refusal_of, shop_of
from .words import product_state

MOST_PICTURES = 12


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def product_new(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Add a product, as a draft."""
    return _edit(request, shop_of(request, shop_slug, MANAGERS), None)


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def product(request: HttpRequest, shop_slug: str, product_id: int) -> HttpResponse:
    """Change a product."""
    shop = shop_of(request, shop_slug, MANAGERS)
    found = get_product_for_staff(actor(request), product_id)
    if found.shop_id != shop.pk:
        raise NotFound()
    return _edit(request, shop, found)


def _edit(request: HttpRequest, shop: Shop, found: Product | None) -> HttpResponse:
    if request.method != "POST":
        kept = _kept_before(found)
        return _page(request, shop, found, form.values_of(found), [], kept)
    values = {key: str(value) for key, value in request.POST.items()}
    kept = _kept(request, found)
    tokens = request.POST.getlist("pictures")
    problem: Problem | None = None
    try:
        tokens += _stage_files(request, MOST_PICTURES - len(tokens) - len(kept))
    except Problem as refused:
        refused.fields = {"pictures": refused.message}
        problem = refusal_of(refused)
    if "more" in request.POST:
        return _page(request, shop, found, form.with_more_rows(values), tokens, kept)
    if "look" in request.POST:
        return _page(request, shop, found, values, tokens, kept)
    if problem is None:
        # A new one that is sent twice is made once; a change is whatever was sent last.
        name = "" if found else name_of(request)
        try:
            return redirect(
                led_to(request, name, lambda: _saved_at(request, shop, found, tokens, kept))
            )
        except Problem as refused:
            problem = refusal_of(refused)
            if problem.code == "stock_changed" and found is not None:
                values = form.seen_now(values, found, problem)
    return _page(request, shop, found, values, tokens, kept, problem)


def _stage_files(request: HttpRequest, room: int) -> list[str]:
    """Take in the files that a browser without script sends with the form itself."""
    files = request.FILES.getlist("pictures_files")[: max(0, room)]
    who = actor(request)
    return [stage(actor=who, data=file, filename=file.name or "").token for file in files]


def _kept_before(found: Product | None) -> list[int]:
    return list(found.images.values_list("image_id", flat=True)) if found else []


def _kept(request: HttpRequest, found: Product | None) -> list[int]:
    """Return the product's pictures that stay; nobody can name those of others."""
    wanted = set(request.POST.getlist("keep"))
    return [image_id for image_id in _kept_before(found) if str(image_id) in wanted]


def _saved_at(
    request: HttpRequest, shop: Shop, found: Product | None, tokens: list[str], kept: list[int]
) -> str:
    saved = _save(request, shop, found, tokens, kept)
    messages.success(request, _("Saved."))
    room = "product" if found or saved.kind == "goods" else "handing_over"
    return reverse(f"studio_{room}", args=[shop.slug, saved.pk])


def _save(
    request: HttpRequest, shop: Shop, found: Product | None, tokens: list[str], kept: list[int]
) -> Product:
    who = actor(request)
    with transaction.atomic():
        staged = [image.pk for image in claim_staged(actor=who, tokens=tokens)]
        images = [*kept, *(pk for pk in staged if pk not in kept)]
        alts = {pk: request.POST[f"alt_{pk}"] for pk in kept if f"alt_{pk}" in request.POST}
        alts |= typed_texts(request, "pictures", tokens)
        data = form.product_input(request.POST, shop, found, images, alts)
        if found is None:
            return catalog.create_product(actor=who, shop_id=shop.pk, data=data)
        return catalog.update_product(actor=who, product_id=found.pk, data=data)


def _page(
    request: HttpRequest,
    shop: Shop,
    found: Product | None,
    values: dict[str, str],
    tokens: list[str],
    kept: list[int],
    problem: Problem | None = None,
) -> HttpResponse:
    before = _kept_before(found)
    thumbs, texts = thumb_urls(before), alts_of(before)
    errors = problem.fields if problem else {}
    options = [(n, f"option{n}", values.get(f"option{n}", "").strip()) for n in form.OPTIONS]
    texts_in = form.language_fields(values)
    context: dict[str, Any] = {
        "product": found,
        "state": product_state(found.state) if found else ("", ""),
        "values": values,
        "kinds": form.kinds(),
        "row_count": form.row_count(values),
        "rows": form.drawn_rows(values, errors),
        "options": options,
        "used": [option for option in options if option[2]],
        "texts": texts_in,
        "is_translated": any(one["title"] or one["description"] for one in texts_in),
        "is_special": form.is_special(values, errors),
        "attributes": attributes.fields_of(values, errors),
        "categories": form.categories(get_language() or "en"),
        "staged": with_typed_texts(request, "pictures", staged_for(actor(request), tokens)),
        "shown": [
            {
                "pk": pk,
                "thumb_url": thumbs[pk],
                "stays": pk in kept,
                "alt": values.get(f"alt_{pk}", texts.get(pk, "")),
            }
            for pk in before
            if pk in thumbs
        ],
        "most": MOST_PICTURES,
    }
    return page(request, shop, "goods", "studio/product.html", context, problem)
