"""Topics: what many talk about, the posts about one, following."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Router, Status
from pydantic import StringConstraints

from banyan.community import actions as community
from banyan.community.queries import (
    balanced,
    follows_topic,
    hot_topics,
    hydrate,
    topic_ids,
    topic_of,
)

from .gate import ANYONE, WRITE, actor
from .paging import CURSOR, SIZE, Before, Limit, Page, page_of
from .post_shapes import PostAnswer
from .posts import post_answer
from .schemas import LARGEST_ID, Answer

router = Router(tags=["topics"])
Slug = Annotated[str, StringConstraints(min_length=1, max_length=80)]


class TopicAnswer(Answer):
    """A topic, and whether one follows it."""

    slug: str
    name: str
    following: bool


class HotTopicAnswer(Answer):
    """A topic that many talk about: ``people`` different persons in two days, ``new`` of them
    with an account of less than a week, who count a quarter each."""

    slug: str
    name: str
    people: int
    new: int
    posts: int


@router.get("/topics", auth=ANYONE, response=list[HotTopicAnswer])
def list_topics(request: HttpRequest) -> Any:
    """List what the most different people talk about, with the numbers why; 20 at most."""
    return [
        HotTopicAnswer(
            slug=heat.topic.slug,
            name=heat.topic.name,
            people=heat.people,
            new=heat.new,
            posts=heat.posts,
        )
        for heat in hot_topics()
    ]


@router.get("/topics/{slug}", auth=ANYONE, response=TopicAnswer)
def read_topic(request: HttpRequest, slug: Path[Slug]) -> Any:
    """Return a topic by any spelling of it."""
    who, found = actor(request), topic_of(slug)
    following = follows_topic(who, found.pk)
    return TopicAnswer(slug=found.slug, name=found.name, following=following)


@router.get("/topics/{slug}/posts", auth=ANYONE, response=Page[PostAnswer])
def list_topic_posts(
    request: HttpRequest, slug: Path[Slug], before: Before = CURSOR, limit: Limit = SIZE
) -> Any:
    """List public posts about a topic, newest first."""
    who, found = actor(request), topic_of(slug)
    ids = topic_ids(who, found.pk, before=before or LARGEST_ID, page=limit + 1)
    kept = balanced(who, ids[:limit])
    posts = hydrate(who, list(kept), reasons=kept)
    shown = {one.post.pk: post_answer(one) for one in posts}
    page = page_of(ids, limit, lambda post_id: post_id, lambda post_id: shown.get(post_id))
    return Page(items=[one for one in page.items if one is not None], next=page.next)


@router.put("/topics/{slug}/follow", auth=WRITE, response=TopicAnswer)
def follow_topic(request: HttpRequest, slug: Path[Slug]) -> Any:
    """Follow a topic. Repeatable."""
    found = community.follow_topic(actor=actor(request), slug=slug)
    return TopicAnswer(slug=found.slug, name=found.name, following=True)


@router.delete("/topics/{slug}/follow", auth=WRITE, response={204: None})
def unfollow_topic(request: HttpRequest, slug: Path[Slug]) -> Any:
    """Follow a topic no more. Repeatable."""
    community.unfollow_topic(actor=actor(request), slug=slug)
    return Status(204, None)
