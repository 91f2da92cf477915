"""Components for pictures, posts and products."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context

from banyan.kernel.money import Money, format_money
from banyan.web.ui.drawing import component
from banyan.web.ui.shapes import read

FEED_SIZES = "(min-width: 1100px) 270px, (min-width: 600px) 30vw, 46vw"


@component("picture.html")
def picture(
    pic: Any,
    sizes: str = FEED_SIZES,
    *,
    eager: bool = False,
    ratio: str = "",
    rounded: bool = False,
    classname: str = "",
) -> dict[str, Any]:
    """Show a Picture. ``ratio`` crops (1x1, 4x5, 3x4, 4x3, 16x9, 8x3), else its own shape is kept.

    ``eager`` only for the first two on a page (LCP); ``sizes`` as in HTML.
    """
    cut = f" pic-fill pic-{ratio}{_focus(pic)}" if ratio else ""
    classes = f"pic{_placeholder(pic)}{cut}"
    return {
        "pic": pic,
        "sizes": sizes,
        "eager": eager,
        "classes": f"{classes}{' pic-round' if rounded else ''} {classname}".strip(),
    }


def short_money(amount: Money) -> str:
    """Format for a tag on a picture: no decimals where they are zero."""
    return re.sub(r"[.,]00(?!\d)", "", format_money(amount))


def _placeholder(pic: Any) -> str:
    number = read(pic, "placeholder")
    return "" if number is None else f" ph-{number:02d}"


def _focus(pic: Any) -> str:
    """Return the classes that keep a picture's ``focus`` (thousandths) in sight where it is cut."""
    x, y = read(pic, "focus", (500, 500))
    return "" if (x, y) == (500, 500) else f" x-{round(x / 20)} y-{round(y / 20)}"


@component("thumb.html")
def thumb(pic: Any, size: str = "", alt: str = "") -> dict[str, Any]:
    """Show a square thumbnail (``size``: s 44, "" 64, l 96 px); None draws an empty tile."""
    look = _placeholder(pic) + _focus(pic)
    return {"pic": pic, "size": size, "alt": alt, "placeholder": look}


@component("tagged_picture.html")
def tagged_picture(
    pic: Any, spots: Sequence[Any] = (), sizes: str = "(min-width: 900px) 620px, 100vw"
) -> dict[str, Any]:
    """Show a large picture with product tags (Spots) where they were put."""
    placed = [
        {
            "x": round(min(1.0, max(0.0, read(spot, "x", 0.5))) * 50),
            "y": round(min(0.95, max(0.05, read(spot, "y", 0.5))) * 50),
            "left": read(spot, "x", 0.5) > 0.55,
            "text": read(spot, "text", ""),
            "url": read(spot, "url", ""),
            "price": short_money(read(spot, "price")) if read(spot, "price") else "",
        }
        for spot in spots
    ]
    return {"pic": pic, "spots": placed, "sizes": sizes}


@component("post_card.html")
@pass_context
def post_card(context: Context, post: Any, eager: bool = False) -> dict[str, Any]:
    """Show a post of a feed: picture, quiet price tag, title, face, likes."""
    amount = read(post, "price")
    return {
        "post": post,
        "eager": eager,
        "price": short_money(amount) if amount else "",
        "csrf_token": context.get("csrf_token"),
        "request": context.get("request"),
    }


@component("feed.html")
@pass_context
def feed(context: Context, posts: Sequence[Any], eager: bool = False) -> dict[str, Any]:
    """Show posts in columns that stay put when more come (each page is its own block).

    Columns fill downwards, so posts are dealt to two columns first: the newest two stay on top.
    """
    dealt = [*posts[0::2], *posts[1::2]]
    tops = {0, (len(posts) + 1) // 2} if eager else set()
    return {
        "cards": [(post, place in tops) for place, post in enumerate(dealt)],
        "csrf_token": context.get("csrf_token"),
        "request": context.get("request"),
    }


@component("product_card.html")
def product_card(product: Any, eager: bool = False) -> dict[str, Any]:
    """Show a product of a grid; wrap several in ``<ul class="grid-goods">``."""
    return {"product": product, "eager": eager}


@component("buy_card.html")
def buy_card(product: Any, text: str = "", href: str = "") -> dict[str, Any]:
    """Show goods inside a post: thumbnail, name, price and one button (``text``, ``href``)."""
    return {"product": product, "text": text, "href": href or read(product, "url", "")}


@component("toggle.html")
@pass_context
def toggle(
    context: Context,
    url: str,
    pressed: bool,
    text: str,
    *,
    icon: str = "heart",
    count: int | None = None,
    classname: str = "tally",
    ident: str = "",
) -> dict[str, Any]:
    """Show a like, save or follow as an ``aria-pressed`` button in a form.

    Posts to ``url``; htmx swaps the form with the answer, which is this component again. A
    visitor gets a link to ``url`` instead, whose GET leads to login.
    """
    return {
        "url": url,
        "pressed": pressed,
        "text": text,
        "icon": icon,
        "count": count,
        "classname": classname,
        "ident": ident,
        "member": signed_in(context),
        "csrf_token": context.get("csrf_token"),
    }


def signed_in(context: Context) -> bool:
    """Say whether the request of ``context`` has a user."""
    user = getattr(context.get("request"), "user", None)
    return bool(user is not None and user.is_authenticated)
