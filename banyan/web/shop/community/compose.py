"""Writing a post: pictures, words, and goods placed on any of the pictures."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from banyan.catalog.access import visible_products
from banyan.catalog.models import Product
from banyan.community import actions as community
from banyan.community.access import get_post_for
from banyan.kernel.digits import whole
from banyan.kernel.problems import Invalid, LoginRequired, NotFound, Problem
from banyan.media.actions import claim_staged
from banyan.media.queries import alts_of, pictures, staged_for, thumb_urls

from ...http import actor, private, signed_in
from ...media.uploads import staged_tokens, typed_texts, with_typed_texts
from ..market.cards import product_title

MOST_GOODS = 100
AUDIENCES = (
    ("0", gettext_lazy("Everybody")),
    ("1", gettext_lazy("Followers")),
    ("2", gettext_lazy("Friends")),
    ("3", gettext_lazy("Only me")),
)


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def post_new(request: HttpRequest) -> HttpResponse:
    """Draw the form, publish what it brings, or (``again``) draw it once more with other rows.

    A refusal keeps the words, the staged pictures and every placed product.
    """
    if request.method != "POST":
        rows = [_row(product=request.GET["product"])] if request.GET.get("product") else []
        return _page(request, [], rows)
    rows = _rows(request)
    try:
        tokens = staged_tokens(request, "pictures")
    except Invalid as problem:
        return _page(request, problem.extra.get("tokens", []), rows, problem)
    if "again" in request.POST:
        return _page(request, tokens, _changed(rows, request.POST["again"]))
    try:
        return redirect("post", _publish(request, tokens, rows))
    except LoginRequired:
        raise
    except Problem as problem:
        return _page(request, tokens, rows, problem)


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def post_pictures(request: HttpRequest, post_id: int) -> HttpResponse:
    """Say what the pictures of one's own post show; NotFound for everybody else's."""
    who = actor(request)
    found = get_post_for(who, post_id)
    if found.author_id != who.id or found.repin_of_id is not None:
        raise NotFound()
    image_ids = list(found.images.values_list("image_id", flat=True))
    problem: Problem | None = None
    if request.method == "POST":
        try:
            community.describe_pictures(
                actor=who,
                post_id=found.pk,
                alts=[request.POST.get(f"alt_{image_id}") for image_id in image_ids],
            )
        except Invalid as refused:
            problem = refused
        else:
            messages.success(request, _("Saved."))
            return redirect("post", found.pk)
    thumbs, texts = thumb_urls(image_ids), alts_of(image_ids)
    context = {
        "nav": "me",
        "post": found,
        "rows": [
            {
                "name": f"alt_{image_id}",
                "thumb_url": thumbs.get(image_id, ""),
                "value": request.POST.get(f"alt_{image_id}", texts.get(image_id, "")),
            }
            for image_id in image_ids
        ],
        "error": problem.fields.get("alts", problem.message) if problem else "",
    }
    status = problem.status if problem else 200
    return render(request, "shop/community/pictures.html", context, status=status)


def _publish(request: HttpRequest, tokens: list[str], rows: list[dict[str, str]]) -> int:
    who = actor(request)
    tags = [_tag(row) for row in rows if whole(row["product"]) is not None]
    visibility = request.POST.get("visibility", "0") or "0"
    with transaction.atomic():
        images = claim_staged(actor=who, tokens=tokens)
        texts = typed_texts(request, "pictures", tokens)
        made = community.publish_post(
            actor=who,
            images=images,
            alts=[texts.get(image.pk) for image in images],
            title=request.POST.get("title", ""),
            body=request.POST.get("body", ""),
            tags=tags,
            visibility=int(visibility) if visibility in dict(AUDIENCES) else -1,
            language=get_language() or "en",
        )
    return made.pk


def _row(product: str = "", picture: str = "1", x: str = "50", y: str = "50") -> dict[str, str]:
    return {"product": product, "picture": picture, "x": x, "y": y}


def _rows(request: HttpRequest) -> list[dict[str, str]]:
    """Return the placed products as typed; the fields of all rows have the same names."""
    given = {
        name: request.POST.getlist(name) for name in ("product", "tag_picture", "tag_x", "tag_y")
    }
    rows = []
    for index, product in enumerate(given["product"][: community.MOST_TAGS + 1]):
        typed = {name: values[index] for name, values in given.items() if index < len(values)}
        rows.append(
            _row(
                product,
                typed.get("tag_picture") or "1",
                typed.get("tag_x") or "50",
                typed.get("tag_y") or "50",
            )
        )
    return rows


def _changed(rows: list[dict[str, str]], wish: str) -> list[dict[str, str]]:
    if wish == "add":
        return [*rows, _row()]
    number = wish.removeprefix("drop-")
    if wish != number and whole(number) is not None:
        return [row for index, row in enumerate(rows) if str(index) != number]
    return rows


def _tag(row: dict[str, str]) -> community.Tag:
    """Return the tag of a row; what is no number is off the picture, and refused as that."""
    return community.Tag(
        picture=_whole(row["picture"]) - 1,
        product_id=int(row["product"]),
        x=_whole(row["x"]) * 10,
        y=_whole(row["y"]) * 10,
    )


def _whole(text: str) -> int:
    number = whole(text, most=999)
    return -1 if number is None else number


def _page(
    request: HttpRequest,
    tokens: list[str],
    rows: list[dict[str, str]],
    problem: Problem | None = None,
) -> HttpResponse:
    staged = with_typed_texts(request, "pictures", staged_for(actor(request), tokens))
    shown = pictures([one["image_id"] for one in staged])
    large = [shown.get(one["image_id"]) for one in staged]
    context: dict[str, Any] = {
        "nav": "post",
        "values": request.POST,
        "problem": problem,
        "errors": problem.fields if problem else {},
        "staged": staged,
        "picture_numbers": [str(n + 1) for n in range(len(staged))],
        "rows": [_drawn(row, large) for row in rows],
        "can_add": len(rows) < community.MOST_TAGS,
        "goods": _goods([row["product"] for row in rows]) if rows else [],
        "audiences": AUDIENCES,
        "audience": request.POST.get("visibility", "0"),
    }
    status = problem.status if problem else 200
    return render(request, "shop/community/new.html", context, status=status)


def _drawn(row: dict[str, str], large: list[Any]) -> dict[str, Any]:
    number = _whole(row["picture"])
    picture = large[number - 1] if 1 <= number <= len(large) else None
    place = {axis: min(100, max(0, _whole(row[axis]))) / 100 for axis in "xy"}
    return {**row, "large": picture, "fx": place["x"], "fy": place["y"]}


def _goods(chosen: list[str]) -> list[tuple[str, str, str]]:
    """Return what can be tagged as (id, title, shop): the newest, and what is chosen already."""
    on_sale = visible_products().select_related("shop").order_by("-published_at")
    ids = [number for one in chosen if (number := whole(one)) is not None]
    found: dict[int, Product] = {one.pk: one for one in on_sale.filter(pk__in=ids)}
    found |= {one.pk: one for one in on_sale[:MOST_GOODS]}
    return [(str(one.pk), product_title(one), one.shop.name) for one in found.values()]
