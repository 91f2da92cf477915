"""Topics: the page of one with its posts and goods, what many talk about, following."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from banyan.community import actions as community
from banyan.community import queries, rules
from banyan.community.models import TopicHeat
from banyan.community.queries import END, hydrate
from banyan.web.ui import addresses
from banyan.web.ui.shapes import Tab

from ...http import actor, number, revalidated
from ..heads import head_of
from ..market.cards import product_cards
from .feed import noted_cards
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
    found = queries.topic_of(slug)
    if found.slug != slug:
        return redirect("topic", found.slug, permanent=True)
    best = request.GET.get("order") == "best"
    before = number(request.GET, "before")
    more_url = ""
    if best:
        ids = queries.balanced(who, queries.best_of_topic(who, found.pk))
    else:
        ids, following = queries.balanced_page(
            who,
            lambda at, page: queries.topic_ids(who, found.pk, before=at, page=page),
            before=END if before is None else before,
            page=queries.PAGE,
        )
        more_url = f"?before={following}" if following else ""
    goods = queries.topic_goods(who, found.pk) if before is None else []
    heat = TopicHeat.objects.filter(topic=found).first()
    url = addresses.url("topic", found.slug)
    posts = noted_cards(request, hydrate(who, ids))
    context: dict[str, Any] = {
        "nav": "explore",
        "topic": found,
        "reason": reason(heat) if heat and heat.people > 1 else "",
        "tabs": [
            Tab(text=_("Latest"), url=url, current=not best),
            Tab(text=_("Liked most"), url=f"{url}?order=best", current=best),
        ],
        "posts": posts,
        "products": product_cards(goods),
        "more_url": more_url,
        "following": queries.follows_topic(who, found.pk),
        "best": best,
        "cap": rules.cap_of(queries.choice_of(who), settings.FEED_PAID_CAP),
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
