"""Public posts for readers elsewhere: a card that other sites may frame, and RSS."""

from __future__ import annotations

import re
from collections.abc import Sequence

from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.feedgenerator import Rss201rev2Feed
from django.utils.html import escape
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from banyan.community import queries
from banyan.community.access import PUBLIC, get_post_for
from banyan.community.labels import label
from banyan.community.queries import Shown, hydrate
from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound
from banyan.people.access import get_account_for

from ..market.embed import POLICY
from .cards import post_url

MINUTES = 5
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@require_safe
@xframe_options_exempt
@csp_replace(POLICY)  # type: ignore[arg-type]  # its types know no view with parameters
def post_embed(request: HttpRequest, post_id: int) -> HttpResponse:
    """Draw one public post; other sites may frame it."""
    anybody = Actor.guest()
    found = get_post_for(anybody, post_id)
    if found.visibility != PUBLIC:
        raise NotFound()
    [shown] = hydrate(anybody, [found.pk])
    context = {
        "shown": shown,
        "url": request.build_absolute_uri(post_url(shown)),
        "picture": shown.images[0] if shown.images else None,
        "label": label(shown.reason),
    }
    response = render(request, "shop/community/embed.html", context)
    response["Cache-Control"] = "public, max-age=60"
    return response


@require_safe
def profile_rss(request: HttpRequest, handle: str) -> HttpResponse:
    """A member's public posts as RSS 2.0."""
    anybody = Actor.guest()
    account = get_account_for(anybody, handle)
    ids = queries.posts_of(anybody, account.pk)
    title = f"{account.display_name} (@{account.handle})"
    return _feed(request, title, reverse("profile", args=[account.handle]), ids)


@require_safe
def topic_rss(request: HttpRequest, slug: str) -> HttpResponse:
    """The public posts about a topic as RSS 2.0."""
    found = queries.topic_of(slug)
    ids = queries.topic_ids(Actor.guest(), found.pk)
    return _feed(request, f"#{found.name}", reverse("topic", args=[found.slug]), ids)


def _feed(request: HttpRequest, title: str, path: str, ids: Sequence[int]) -> HttpResponse:
    feed = Rss201rev2Feed(
        title=_told(title),
        link=request.build_absolute_uri(path),
        description=_("Public posts on Banyan"),
        language=get_language() or "en",
        feed_url=request.build_absolute_uri(request.path),
    )
    for shown in hydrate(Actor.guest(), ids):
        said = label(shown.reason)
        feed.add_item(
            title=_told(_titled(shown, said)),
            link=request.build_absolute_uri(post_url(shown)),
            # Readers take a description for HTML; what somebody wrote is words.
            description=escape(
                _told(f"{said}. {shown.content.body}" if said else shown.content.body)
            ),
            author_name=_told(shown.post.author.display_name),
            pubdate=shown.post.created_at,
            unique_id=request.build_absolute_uri(reverse("post", args=[shown.post.pk])),
            categories=[said] if said else [],
        )
    response = HttpResponse(feed.writeString("utf-8"), content_type="application/rss+xml")
    response["Cache-Control"] = f"public, max-age={MINUTES * 60}"
    return response


def _told(text: str) -> str:
    """Return a text without the signs that XML cannot hold: one would end the whole feed."""
    return _NOT_IN_XML.sub("", text)


def _titled(shown: Shown, said: str) -> str:
    title = shown.content.title or shown.content.body[:80]
    return f"[{said}] {title}" if said else title
