"""Topics: the page of one with its posts and goods, what many talk about, following."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from banyan.catalog.queries import on_card
from banyan.community import actions as community
from banyan.community import queries, rules
from banyan.community.models import TopicHeat
from banyan.web.ui import addresses
from banyan.web.ui.shapes import Tab

from ...http import actor, number, revalidated
from ..heads import head_of
from ..market.cards import cards_of
from .feed import before_of, noted_cards, page_of
from .feed_tabs import tabs


@require_safe
@revalidated
def topics(request: HttpRequest) -> HttpResponse:
    """Show what many different people talk about, with the numbers, and what one follows."""
    rows = [(heat.topic, reason(heat)) for heat in queries.hot_topics()]
    context = {
        "nav": "explore",
        "tabs": tabs("topics"),
        "rows": rows,
        "followed": queries.followed_topics(actor(request)),
    }
    return render(request, "shop/community/topics.html", context)


def reason(heat: TopicHeat) -> str:
    """Say in numbers why a topic is hot."""
    people = ngettext(
        "%(n)s person in the last two days", "%(n)s people in the last two days", heat.people
    ) % {"n": heat.people}
    if not heat.new:
        return people
    new = ngettext(
        "%(n)s of them new here, counted as a quarter",
        "%(n)s of them new here, counted as a quarter each",
        heat.new,
    ) % {"n": heat.new}
    return f"{people}, {new}"


@require_safe
@revalidated
def topic(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a topic: its goods, and its posts, latest or liked most first."""
    who = actor(request)
    found = queries.topic_for(who, slug)
    if found.slug != slug:
        return redirect("topic", found.slug, permanent=True)
    best = request.GET.get("order") == "best"
    first = number(request.GET, "before") is None
    goods = queries.topic_goods(who, found.pk) if first else []
    cards = [card for one in goods if (card := on_card(one)) is not None]
    covers = [card.cover_id for card in cards]
    if best:
        ids = queries.best_of_topic(who, found.pk)
    else:
        ids = queries.topic_ids(who, found.pk, before=before_of(request))
    page = page_of(request, ids, image_ids=covers)
    heat: TopicHeat | None = getattr(found, "heat", None)
    url = addresses.url("topic", found.slug)
    posts = noted_cards(request, page.posts)
    context: dict[str, Any] = {
        "nav": "explore",
        "topic": found,
        "reason": reason(heat) if heat and heat.people > 1 else "",
        "tabs": [
            Tab(text=_("Latest"), url=url, current=not best),
            Tab(text=_("Liked most"), url=f"{url}?order=best", current=best),
        ],
        "posts": posts,
        "products": cards_of(cards, page.files),
        "more_url": "" if best else page.more,
        "following": found.is_followed,  # type: ignore[attr-defined]  # annotated
        "best": best,
        "cap": rules.cap_of(found.paid_choice, settings.FEED_PAID_CAP),  # type: ignore[attr-defined]  # as above
        "head": head_of(
            request,
            kind="website",
            title=f"#{found.name}",
            description=_("Posts and goods about #%(name)s") % {"name": found.name},
            path=url,
            picture=next((one.picture for one in posts if one.picture), None),
        ),
    }
    return render(request, "shop/community/topic.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def topic_follow(request: HttpRequest, slug: str) -> HttpResponse:
    """Follow a topic, or follow it no more. Visitors sign in first."""
    who = actor(request)
    found = queries.topic_of(slug)
    url = addresses.url("topic", found.slug)
    if who.id is None:
        return redirect(f"{addresses.url('login')}?next={url}")
    if request.method != "POST":
        return redirect(url)
    following = not queries.follows_topic(who, found.pk)
    if following:
        community.follow_topic(actor=who, slug=found.slug)
    else:
        community.unfollow_topic(actor=who, slug=found.slug)
    if request.headers.get("hx-request"):
        context = {"topic": found, "following": following}
        response = render(request, "shop/community/topic_toggle.html", context)
        response["Vary"] = "HX-Request"
        return response
    return redirect(url)
