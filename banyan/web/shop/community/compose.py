"""Writing a post: pictures, words, goods placed on any of the pictures, a poll; drafts of it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.catalog.access import visible_products
from banyan.catalog.models import Product
from banyan.community import actions as community
from banyan.community import queries
from banyan.community.access import get_post_for
from banyan.community.models import Post
from banyan.community.rules import LIVE
from banyan.groups.access import MEMBER, living_groups
from banyan.kernel.actors import Actor
from banyan.kernel.digits import whole
from banyan.kernel.problems import Invalid, LoginRequired, NotFound, Problem
from banyan.kernel.ratelimits import hit
from banyan.market.models import Listing
from banyan.media.actions import claim_staged, intake_video, keep_video, stage_again
from banyan.media.models import Video
from banyan.media.queries import alts_of, pictures, staged_for, thumb_urls
from banyan.orders.access import orders_bought
from banyan.orders.models import OrderLine
from banyan.standing.models import Review
from banyan.web.ui import addresses

from ...http import actor, number, private, signed_in
from ...media.uploads import staged_tokens, typed_texts, with_typed_texts
from ...once import led_to, name_of
from ..market.cards import product_title

MOST_GOODS = 100
AUDIENCES = (
    ("0", gettext_lazy("Everybody")),
    ("1", gettext_lazy("Followers")),
    ("2", gettext_lazy("Friends")),
    ("3", gettext_lazy("Only me")),
    ("4", gettext_lazy("The group")),
)
KINDS = (
    ("note", gettext_lazy("A note")),
    ("question", gettext_lazy("A question")),
    ("moment", gettext_lazy("A moment")),
)
DECLARED = (
    ("", gettext_lazy("Nobody gave me anything for it")),
    ("paid", gettext_lazy("I am paid for it")),
    ("gift", gettext_lazy("I got it as a gift")),
)
VIDEOS_PER_HOUR = 20
HOUR = 3600
POLL_DAYS = (1, 3, 7, 30)
# What a draft keeps, besides the pictures and the texts that belong to them.
KEPT = (
    "title", "body", "visibility", "kind", "group", "declared", "review", "listing",
    "option", "days", "video", "product", "tag_picture", "tag_x", "tag_y",
)  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def post_new(request: HttpRequest) -> HttpResponse:
    """Draw the form, publish what it brings, keep it as a draft, or (``again``) draw it anew.

    A refusal keeps the words, the staged pictures and every placed product.
    """
    if request.method != "POST":
        return _first(request)
    form, rows = name_of(request), _rows(request)
    try:
        tokens = staged_tokens(request, "pictures")
    except Invalid as problem:
        return _page(request, problem.extra.get("tokens", []), rows, problem)
    wish = request.POST.get("again")
    try:
        request.POST = _with_video(request)  # type: ignore[assignment]  # Django lets it be set
        if wish == "draft":
            return redirect(led_to(request, form, lambda: _keep(request, tokens)))
        if wish is not None:
            return _page(request, tokens, _changed(rows, wish))
        return redirect(led_to(request, form, lambda: _publish(request, tokens, rows)))
    except LoginRequired:
        raise
    except Problem as problem:
        return _page(request, tokens, rows, problem)


def _with_video(request: HttpRequest) -> QueryDict:
    """Take in the video that came along, so that a form that comes back has it by its number."""
    file = request.FILES.get("video_file")
    form = request.POST.copy()
    if isinstance(file, UploadedFile):
        hit(f"video:{actor(request).id}", VIDEOS_PER_HOUR, HOUR)
        form["video"] = str(intake_video(actor=actor(request), file=file).pk)
    if "video_off" in form:
        form["video"] = ""
    return form


def _first(request: HttpRequest) -> HttpResponse:
    """Draw the form anew: empty, from a draft, or about what was bought or is sold."""
    who = actor(request)
    draft_id = number(request.GET, "draft")
    if draft_id is not None:
        draft = queries.get_draft_for(who, draft_id)
        values = QueryDict(mutable=True)
        for name, given in draft.form.items():
            values.setlist(name, given)
        images = [int(one) for one in draft.form.get("images", [])]
        tokens = stage_again(actor=who, image_ids=images)
        return _page(request, tokens, _rows_of(values), values=values, draft_id=draft.pk)
    values = request.GET.copy()
    product = request.GET.get("product", "")
    if about := _about(who, request):
        product, values["title"], values["body"], values["kind"] = about
    rows = [_row(product=product)] if product else []
    return _page(request, [], rows, values=values)


def _about(who: Actor, request: HttpRequest) -> tuple[str, str, str, str] | None:
    """Return product, title, words and kind of a post about one's own review or listing."""
    review_id, listing_id = number(request.GET, "review"), number(request.GET, "listing")
    if review_id is not None:
        review = Review.objects.select_related("product").filter(pk=review_id, author_id=who.id)
        for one in review:
            return str(one.product_id), product_title(one.product)[:120], one.body, "review"
    if listing_id is not None:
        listing = Listing.objects.select_related("product").filter(pk=listing_id, seller_id=who.id)
        for offered in listing:
            words = offered.product.description[:5000]
            title = product_title(offered.product)[:120]
            return str(offered.product_id), title, words, "listing"
    return None


def _keep(request: HttpRequest, tokens: list[str]) -> str:
    """Keep what was typed, and the pictures for good, so that they are still there next week.

    Return where the drafts are.
    """
    who = actor(request)
    form = {name: request.POST.getlist(name) for name in KEPT if request.POST.getlist(name)}
    with transaction.atomic():
        images = claim_staged(actor=who, tokens=tokens)
        form["images"] = [str(image.pk) for image in images]
        community.describe_own(
            actor=who, alts=typed_texts(request, "pictures", tokens), images=images
        )
        if (video_id := number(request.POST, "video")) is not None:
            keep_video(actor=who, video_id=video_id)
        community.save_draft(actor=who, form=form, draft_id=number(request.POST, "draft"))
    messages.success(request, _("The draft is kept."))
    return reverse("drafts")


@require_safe
@private
@signed_in
def drafts(request: HttpRequest) -> HttpResponse:
    """List one's drafts."""
    rows = [
        {
            "draft": one,
            "title": (one.form.get("title") or [""])[0] or (one.form.get("body") or [""])[0][:60],
        }
        for one in queries.drafts_of(actor(request))
    ]
    return render(request, "shop/community/drafts.html", {"nav": "me", "rows": rows})


@require_POST
@signed_in
def draft_delete(request: HttpRequest, draft_id: int) -> HttpResponse:
    """Throw one of one's own drafts away."""
    who = actor(request)
    community.delete_draft(actor=who, draft_id=queries.get_draft_for(who, draft_id).pk)
    messages.success(request, _("The draft is gone."))
    return redirect("drafts")


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
                focuses=[_focus(request.POST, image_id) for image_id in image_ids],
            )
        except Invalid as refused:
            problem = refused
        else:
            messages.success(request, _("Saved."))
            return redirect("post", found.pk)
    thumbs, texts, large = thumb_urls(image_ids), alts_of(image_ids), pictures(image_ids)
    focus = {row.image_id: row for row in found.images.all()}
    context = {
        "nav": "me",
        "post": found,
        "rows": [
            {
                "name": f"alt_{image_id}",
                "thumb_url": thumbs.get(image_id, ""),
                "value": request.POST.get(f"alt_{image_id}", texts.get(image_id, "")),
                "focus": f"focus_{image_id}",
                "large": large.get(image_id),
                "x": focus[image_id].focus_x / 1000,
                "y": focus[image_id].focus_y / 1000,
            }
            for image_id in image_ids
        ],
        "error": problem.fields.get("alts", problem.message) if problem else "",
    }
    status = problem.status if problem else 200
    return render(request, "shop/community/pictures.html", context, status=status)


def _focus(typed: QueryDict, image_id: int) -> tuple[int, int] | None:
    """Return the point that was placed, in thousandths; None where none was, or off the picture."""
    x, y = (number(typed, f"focus_{image_id}_{axis}", most=100) for axis in "xy")
    return None if x is None or y is None else (x * 10, y * 10)


def _named(form: QueryDict, name: str) -> int | None:
    """Return the id that a field holds, None for an empty one; 0, which nothing has, for no id.

    What was meant for a group must not be shown to everybody because the group was misread.
    """
    return (number(form, name) or 0) if form.get(name) else None


def _poll(request: HttpRequest) -> community.PollWish | None:
    options = [one.strip() for one in request.POST.getlist("option")[:5] if one.strip()]
    if not options:
        return None
    return community.PollWish(options, number(request.POST, "days", most=99) or 0)


def shown_or_waiting(request: HttpRequest, post: Post) -> str:
    """Return where a post is, or where its author goes while a moderator looks at it first."""
    if post.state == LIVE:
        return reverse("post", args=[post.pk])
    messages.success(request, _("A moderator looks at it first. Then it appears."))
    if post.group is not None:
        return reverse("group", args=[post.group.slug])
    return addresses.url("profile", post.author.handle)


def _publish(request: HttpRequest, tokens: list[str], rows: list[dict[str, str]]) -> str:
    """Publish what the form says and return where to go from there."""
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
            kind=request.POST.get("kind", "") or "note",
            group_id=_named(request.POST, "group"),
            declared=request.POST.get("declared", ""),
            review_id=number(request.POST, "review"),
            listing_id=number(request.POST, "listing"),
            poll=_poll(request),
            video_id=number(request.POST, "video"),
        )
        draft_id = number(request.POST, "draft")
        if draft_id is not None:
            community.delete_draft(actor=who, draft_id=draft_id)
    return shown_or_waiting(request, made)


def _row(product: str = "", picture: str = "1", x: str = "50", y: str = "50") -> dict[str, str]:
    return {"product": product, "picture": picture, "x": x, "y": y}


def _rows(request: HttpRequest) -> list[dict[str, str]]:
    return _rows_of(request.POST)


def _rows_of(typed_form: QueryDict) -> list[dict[str, str]]:
    """Return the placed products as typed; the fields of all rows have the same names."""
    given = {
        name: typed_form.getlist(name) for name in ("product", "tag_picture", "tag_x", "tag_y")
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
    *,
    values: QueryDict | None = None,
    draft_id: int | None = None,
) -> HttpResponse:
    values = request.POST if values is None else values
    draft_id = number(values, "draft") if draft_id is None else draft_id
    groups = living_groups().filter(
        memberships__account_id=actor(request).id or 0, memberships__state=MEMBER
    )
    staged = with_typed_texts(request, "pictures", staged_for(actor(request), tokens))
    shown = pictures([one["image_id"] for one in staged])
    large = [shown.get(one["image_id"]) for one in staged]
    context: dict[str, Any] = {
        "nav": "post",
        "values": values,
        "draft_id": draft_id,
        "problem": problem,
        "errors": problem.fields if problem else {},
        "kinds": _kinds(values.get("kind", "")),
        "groups": [(str(one.pk), one.name) for one in groups.order_by("name")],
        "declared": DECLARED,
        "options": [*values.getlist("option"), "", "", "", ""][:4],
        "video": Video.objects.filter(
            pk=number(values, "video") or 0, owner_id=actor(request).id or 0
        ).first(),
        "video_mb": settings.MAX_VIDEO_BYTES // 1024**2,
        "poll_days": [str(days) for days in POLL_DAYS],
        "staged": staged,
        "picture_numbers": [str(n + 1) for n in range(len(staged))],
        "rows": [_drawn(row, large) for row in rows],
        "can_add": len(rows) < community.MOST_TAGS,
        "goods": _goods(actor(request), [row["product"] for row in rows]) if rows else [],
        "audiences": AUDIENCES,
        "audience": values.get("visibility", "0"),
    }
    status = problem.status if problem else 200
    return render(request, "shop/community/new.html", context, status=status)


def _kinds(chosen: str) -> list[tuple[str, Any]]:
    """Return what a post can be; a review or a listing stays what it is."""
    about = {"review": _("A review of what you bought"), "listing": _("Something you sell")}
    return [(chosen, about[chosen])] if chosen in about else list(KINDS)


def _drawn(row: dict[str, str], large: list[Any]) -> dict[str, Any]:
    number = _whole(row["picture"])
    picture = large[number - 1] if 1 <= number <= len(large) else None
    place = {axis: min(100, max(0, _whole(row[axis]))) / 100 for axis in "xy"}
    return {**row, "large": picture, "fx": place["x"], "fy": place["y"]}


def _goods(who: Actor, chosen: list[str]) -> list[tuple[str, str, str]]:
    """Return what can be tagged as (id, title, shop).

    What is chosen already and what the member bought or sells come before the newest, however old
    they are: that is what is in the pictures that people take.
    """
    on_sale = visible_products().select_related("shop").order_by("-published_at")
    ids = {number for one in chosen if (number := whole(one)) is not None}
    lines = OrderLine.objects.filter(order__in=orders_bought(who)).order_by("-id")
    ids |= set(lines.values_list("product_id", flat=True)[:MOST_GOODS])
    found: dict[int, Product] = {one.pk: one for one in on_sale.filter(pk__in=ids)}
    found |= {one.pk: one for one in on_sale.filter(shop__owner_id=who.id)[:MOST_GOODS]}
    found |= {one.pk: one for one in on_sale[:MOST_GOODS]}
    return [(str(one.pk), product_title(one), one.shop.name) for one in found.values()]
