"""Looking at groups: one's own, suggested ones, and what is in one."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from banyan.community.access import visible_posts
from banyan.community.models import Topic
from banyan.community.queries import PAGE, followed_topics, group_ids, hydrate
from banyan.community.rules import topic_slug
from banyan.groups import queries
from banyan.groups.access import get_group_by_slug
from banyan.groups.models import Group
from banyan.kernel.actors import Actor
from banyan.kernel.digits import LARGEST
from banyan.media.queries import thumb_urls
from banyan.storefronts.rules import ink_on
from banyan.web.ui import addresses

from ...http import actor, number, revalidated
from ..community.feed import noted_cards
from ..heads import head_of
from ..people.faces import faces_of
from .frame import Place, place_of, role_words

LONG = "public, max-age=31536000, immutable"
MEMBERS = 60


@require_safe
@revalidated
def groups(request: HttpRequest) -> HttpResponse:
    """List one's own groups, and others that one may like; ``q`` asks for words."""
    who = actor(request)
    query = request.GET.get("q", "").strip()[:60]
    mine = queries.my_groups(who)
    topics = {text for one in followed_topics(who) for text in (one.name, one.slug)}
    others = queries.suggested_groups(who, query=query, topics=topics)
    all_of_them = [*(row.group for row in mine), *(one.group for one in others)]
    context = {
        "nav": "groups",
        "mine": mine,
        "others": others,
        "query": query,
        "thumbs": thumb_urls(group.cover_id for group in all_of_them),
    }
    return render(request, "shop/groups/list.html", context)


@require_safe
@revalidated
def group(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a group with its posts: the pinned ones first; ``show=chosen`` is the curated feed."""
    place = place_of(request, slug, "group")
    if place.group.slug != slug:
        return redirect("group", place.group.slug, permanent=True)
    who = actor(request)
    chosen = request.GET.get("show") == "chosen"
    before = number(request.GET, "before") or LARGEST
    ids, more = _posts(who, place, chosen, before)
    first = place.inside and before == LARGEST and not chosen
    pinned = queries.pinned_posts(place.group, visible_posts(who)) if first else []
    shown = {one.post.pk: one for one in hydrate(who, [*pinned, *ids])}
    context = {
        **place.context,
        "chosen": chosen,
        "pinned": noted_cards(request, [shown[pk] for pk in pinned if pk in shown]),
        "posts": noted_cards(
            request, [shown[pk] for pk in ids if pk in shown and pk not in pinned]
        ),
        "picks": [shown[pk] for pk in ids if pk in shown] if place.leads else [],
        "pinned_ids": set(pinned),
        "more_url": f"?{'show=chosen&' if chosen else ''}before={more}" if more else "",
        "head": head_of(
            request,
            kind="website",
            title=place.group.name,
            description=place.group.about,
            path=addresses.url("group", place.group.slug),
            picture=place.context["cover"],
        ),
    }
    return render(request, "shop/groups/group.html", context)


def _posts(who: Actor, place: Place, chosen: bool, before: int) -> tuple[list[int], int]:
    """Return the ids of a page of posts that the reader may see, and where the next one begins."""
    if not place.inside:
        return [], 0
    if chosen:
        visible = visible_posts(who).filter(group=place.group)
        picks = queries.featured_posts(place.group, visible, before=before, limit=PAGE)
        return [pk for _, pk in picks], picks[-1][0] if len(picks) == PAGE else 0
    ids = group_ids(who, place.group.pk, before=before)
    return ids, ids[-1] if len(ids) == PAGE else 0


@require_safe
@revalidated
def group_members(request: HttpRequest, slug: str) -> HttpResponse:
    """List the members whom the reader may see, those who lead first."""
    place = place_of(request, slug, "group_members")
    after = number(request.GET, "after", most=10_000_000) or 0
    rows = queries.members_page(actor(request), place.group, after=after, limit=MEMBERS + 1)
    faces = faces_of(row.account for row in rows)
    context = {
        **place.context,
        "people": [(faces[row.account_id], row, role_words(row.role)) for row in rows[:MEMBERS]],
        "more_url": f"?after={after + MEMBERS}" if len(rows) > MEMBERS else "",
        "viewer_id": actor(request).id,
    }
    return render(request, "shop/groups/members.html", context)


@require_safe
@revalidated
def group_rules(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what the group is about, its rules, and who answers for it."""
    place = place_of(request, slug, "group_rules")
    rows = queries.leaders(actor(request), place.group)
    faces = faces_of(row.account for row in rows)
    slugs = {topic_slug(topic): topic for topic in place.group.topics}
    usable = Topic.objects.filter(slug__in=slugs, is_usable=True)
    known = set(usable.values_list("slug", flat=True))
    context = {
        **place.context,
        "topics": [
            (
                topic,
                addresses.url("topic", slug)
                if slug in known
                else f"{addresses.url('explore')}?{urlencode({'q': topic})}",
            )
            for slug, topic in slugs.items()
        ],
        "leaders": [(faces[row.account_id], role_words(row.role)) for row in rows],
    }
    return render(request, "shop/groups/rules.html", context)


@require_safe
def group_look(request: HttpRequest, slug: str, look: int) -> HttpResponse:
    """Return the group's colour, and letters that can be read on it, as a style sheet."""
    found: Group = get_group_by_slug(actor(request), slug)
    rules = ""
    if found.colour:
        rules = (
            f".store-band{{background:{found.colour};color:{ink_on(found.colour)}}}"
            ".store-band a{color:inherit}"
        )
    response = HttpResponse(rules, content_type="text/css")
    kept = look == found.look and found.visibility != 2
    response["Cache-Control"] = LONG if kept else "no-store"
    return response
