"""A post: its pictures with tags, the buy card, likes, comments, repins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.catalog.models import Product
from banyan.catalog.queries import variants_of
from banyan.community import actions as community
from banyan.community import queries
from banyan.community.access import PUBLIC, get_post_for, likers
from banyan.community.labels import label
from banyan.community.models import Like, Post
from banyan.community.queries import Shown, Step, hydrate
from banyan.earnings.queries import offer_of
from banyan.kernel.money import format_money
from banyan.kernel.problems import LoginRequired, NotFound, Problem
from banyan.sharing.queries import link_by_code
from banyan.web.ui.shapes import ProductCard, Spot

from ...http import actor, number, revalidated, signed_in
from ...once import led_to, name_of
from ...views import back_to
from ..heads import Head, head_of
from ..market.arrival import Arrival, arrival_of
from ..market.cards import product_cards, product_title, product_url
from ..people.faces import face_of, faces_of
from ..sharing.shown import note_shown
from .cards import face, post_url
from .compose import AUDIENCES
from .rich import drawn
from .talk import comment_url, order_of, order_tabs, talk_of

MOST_LIKERS = 200
FEW = 6


@require_safe
@revalidated
def post(request: HttpRequest, post_id: int) -> HttpResponse:
    """Show a post; what is bought from here goes to whom the reader came through."""
    return _page(request, get_post_for(actor(request), post_id))


def _page(request: HttpRequest, found: Post, refused: Problem | None = None) -> HttpResponse:
    who = actor(request)
    shown = hydrate(who, [found.pk])[0]
    arrival = arrival_of(request)
    code = _code(shown, arrival, who.id)
    products = list({spot.product.pk: spot.product for spot in shown.spots}.values())
    earns = not arrival.neutral and any(offer_of(product, in_sales=()) for product in products)
    note_shown(request, [shown.post.link])
    named = queries.named_in(who, list({found.pk, shown.content.pk}))
    content = shown.content
    context = {
        "nav": "explore",
        "shown": shown,
        "author": face_of(shown.post.author),
        "original": face_of(shown.content.author) if shown.post.repin_of_id else None,
        "pictures": _tagged(shown, code, arrival.touch),
        "goods": _buy_cards(found.pk, products, code, arrival),
        "arrival": arrival,
        "discloses": earns and bool(code),
        "audience": dict(AUDIENCES).get(str(content.visibility), ""),
        "label": _label(shown, arrival),
        "body": drawn(content.body, named),
        "quoted": drawn(shown.post.body, named) if shown.post.repin_of_id else "",
        "topics": queries.topics_named(found),
        "poll": queries.poll_of(who, content.pk),
        "preview": queries.preview_of(content),
        "review": content.review,
        "way": _way(queries.chain_of(who, found)),
        "orders": order_tabs(found.pk, order_of(request)),
        **talk_of(request, found, named),
        "boards": queries.boards_of(who),
        "can_repin": who.id is not None and who.id != shown.content.author_id,
        "via": code,
        "share_url": _share_url(found, arrival) if found.visibility == PUBLIC else "",
        "head": _head(request, shown, code),
    }
    if refused:
        context |= {
            "refused": refused.fields.get("body", refused.message),
            "typed": request.POST.get("body", ""),
            "answered": request.POST.get("parent", ""),
        }
    status = refused.status if refused else 200
    response = render(request, "shop/community/post.html", context, status=status)
    if refused and refused.retry_after:
        response["Retry-After"] = str(refused.retry_after)
    return response


def _share_url(found: Post, arrival: Arrival) -> str:
    """Return where the post is passed on; what is passed on hangs below the link that led here."""
    url = reverse("share", args=["post", found.pk])
    return f"{url}?via={arrival.code}" if arrival.code else url


def _head(request: HttpRequest, shown: Shown, code: str) -> Head:
    content = shown.content
    title = content.title or content.author.display_name
    return head_of(
        request,
        kind="article",
        title=title,
        description=f"{label(shown.reason)}. {content.body}" if shown.reason else content.body,
        path=reverse("post", args=[shown.post.pk]),
        picture=next(iter(shown.images), None),
        code=code,
        data=[
            {
                "@type": "SocialMediaPosting",
                "headline": title,
                "articleBody": content.body,
                "datePublished": content.created_at.isoformat(),
                "author": {"@type": "Person", "name": content.author.display_name},
            }
        ],
    )


def _label(shown: Shown, arrival: Arrival) -> str:
    """Say that a post is commercial; a channel that forbids words of earning gets a plain one."""
    if arrival.neutral and shown.reason == "earns":
        return _("Commercial")
    return label(shown.reason)


def _way(steps: list[Step]) -> list[dict[str, Any]]:
    """Return the steps of a repin's way: a face or nobody, and the post where there is one."""
    return [
        {
            "face": face(step.account) if step.account else None,
            "url": reverse("post", args=[step.post_id]) if step.post_id else "",
        }
        for step in steps
    ]


def _code(shown: Shown, arrival: Arrival, viewer_id: int | None) -> str:
    """The link that brought the reader; on the plain page, the post's own."""
    if arrival.code:
        return arrival.code
    link = shown.post.link
    return link.code if link is not None and link.owner_id != viewer_id else ""


def _tagged(shown: Shown, code: str, touch: str) -> list[dict[str, Any]]:
    return [
        {
            "picture": picture,
            "spots": [
                Spot(
                    x=spot.x / 1000,
                    y=spot.y / 1000,
                    text=product_title(spot.product),
                    url=product_url(spot.product, via=code, touch=touch),
                    price=spot.price,
                )
                for spot in shown.spots
                if spot.picture == index
            ],
        }
        for index, picture in enumerate(shown.images)
    ]


@dataclass(frozen=True, slots=True)
class Buy:
    """A buy card under a post: from here it is one page to the payment, and back to this place."""

    product_id: int
    card: ProductCard
    text: str
    href: str


def _buy_cards(post_id: int, products: Sequence[Product], code: str, arrival: Arrival) -> list[Buy]:
    """Return the cards; what has one variant only goes straight to the checkout."""
    variants = variants_of(product.pk for product in products)
    cards = {card.url: card for card in product_cards(products, via=code, touch=arrival.touch)}
    found = []
    for product in products:
        card = cards.get(product_url(product, via=code, touch=arrival.touch))
        if card is None:
            continue
        mine = variants.get(product.pk, [])
        stock = [v.stock.free for v in mine]
        card = replace(card, sub=_stock_text(sum(max(0, free) for free in stock)))
        text, href = _("Choose"), card.url
        if len(mine) == 1:
            text = _("Buy for %(amount)s") % {"amount": format_money(card.price)}
            place = f"{reverse('post', args=[post_id])}#buy-{product.pk}"
            query = {"variant": mine[0].pk, "n": 1, "via": code, "t": arrival.touch if code else ""}
            query = {name: value for name, value in query.items() if value}
            href = f"{reverse('checkout')}?{urlencode(query | {'back': place})}"
        found.append(Buy(product.pk, card, "" if card.sold_out else text, href))
    return found


def _stock_text(free: int) -> str:
    if free < 1:
        return _("Sold out")
    if free < FEW:
        return ngettext("%(n)s left", "%(n)s left", free) % {"n": free}
    return _("In stock")


@require_http_methods(["GET", "HEAD", "POST"])
def post_like(request: HttpRequest, post_id: int) -> HttpResponse:
    """Like or unlike; answers a fragment or goes back. Visitors sign in first."""
    who = actor(request)
    if who.id is None:
        return redirect("intend", "like", post_id)
    if request.method != "POST":
        return redirect("post", post_id)
    get_post_for(who, post_id)
    if Like.objects.filter(post_id=post_id, account_id=who.id).exists():
        community.unlike(actor=who, post_id=post_id)
    else:
        community.like(actor=who, post_id=post_id)
    if request.headers.get("hx-request"):
        shown = hydrate(who, [post_id])[0]
        response = render(request, "shop/community/like.html", {"shown": shown})
        response["Vary"] = "HX-Request"
        return response
    return redirect(back_to(request, reverse("post", args=[post_id])))


@require_POST
@signed_in
def post_comment(request: HttpRequest, post_id: int) -> HttpResponse:
    """Write under a post; what is refused comes back with its words."""
    found = get_post_for(actor(request), post_id)
    try:
        return redirect(led_to(request, name_of(request), lambda: _say(request, found)))
    except (LoginRequired, NotFound):
        raise
    except Problem as problem:
        return _page(request, found, problem)


def _say(request: HttpRequest, found: Post) -> str:
    parent = request.POST.get("parent", "")
    row = community.comment(
        actor=actor(request),
        post_id=found.pk,
        body=request.POST.get("body", ""),
        parent_id=(number(request.POST, "parent") or 0) if parent else None,
    )
    if row.deleted_at is not None:
        messages.success(request, _("A moderator looks at it first. Then it appears."))
    return comment_url(row)


@require_safe
@revalidated
def post_likes(request: HttpRequest, post_id: int) -> HttpResponse:
    """Say who likes a post."""
    who = actor(request)
    found = get_post_for(who, post_id)
    people = list(likers(who, found.pk)[:MOST_LIKERS])
    faces = faces_of(people)
    context = {"nav": "explore", "post": found, "faces": [faces[one.pk] for one in people]}
    return render(request, "shop/community/likes.html", context)


@require_POST
@signed_in
def post_repin(request: HttpRequest, post_id: int) -> HttpResponse:
    """Show the post to one's own followers."""
    made = community.repin(
        actor=actor(request),
        post_id=post_id,
        note=request.POST.get("note", ""),
        via=link_by_code(request.POST.get("via", "")[:24]),
    )
    messages.success(request, _("Your followers see it now."))
    return redirect(post_url(hydrate(actor(request), [made.pk])[0]))


@require_POST
@signed_in
def post_save(request: HttpRequest, post_id: int) -> HttpResponse:
    """Put the post on a board, making the board when a name is typed."""
    who = actor(request)
    title, board_id = request.POST.get("title", "").strip(), number(request.POST, "board")
    if title or board_id is None:
        board_id = community.make_board(actor=who, title=title or _("Saved")).pk
    community.save_to_board(
        actor=who, post_id=post_id, board_id=board_id, note=request.POST.get("note", "")
    )
    messages.success(request, _("Saved."))
    return redirect(back_to(request, reverse("post", args=[post_id])))


@require_POST
@signed_in
def post_delete(request: HttpRequest, post_id: int) -> HttpResponse:
    """Take one's own post away."""
    community.delete_post(actor=actor(request), post_id=post_id)
    messages.success(request, _("The post is gone."))
    return redirect("home")
