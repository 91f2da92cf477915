"""Feeds: of whom one follows, of friends, of a list, of one's region, and the ranked one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Path, Query, Router
from pydantic import Field, StringConstraints

from banyan.community.queries import (
    balanced,
    count_new,
    explore,
    following_ids,
    hydrate,
    list_ids,
    moment_ids,
    near_ids,
    newest_ids,
    unmuted,
)
from banyan.kernel.actors import Actor
from banyan.people.access import Mutes, get_list_for, mutes_of

from .gate import ANYONE, READ, actor
from .paging import CURSOR, SIZE, Before, Limit, Page, page_of
from .post_shapes import PostAnswer
from .posts import post_answer
from .schemas import LARGEST_ID, Answer, Id

router = Router(tags=["feeds"])
Session = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,19}:[0-9]{1,3}$")]


class RankedAnswer(Answer):
    """A post of the ranked feed, and why it is there."""

    post: PostAnswer
    reason: Literal["followed", "group", "topic", "goods", "near", "hot", "new", "own"]


class RankedPage(Answer):
    """A slice of a ranked feed; ``next`` is null at its end. It is kept for two hours."""

    items: list[RankedAnswer]
    next: str | None


class NewAnswer(Answer):
    """How many posts of others came since; 99 at most."""

    count: Annotated[int, Field(ge=0, le=99)]


def _page(who: Actor, ids: Sequence[int], limit: int, mutes: Mutes) -> Page[PostAnswer]:
    """Return a page of a feed: no more paid posts than wanted, nothing that says a muted word."""
    kept = balanced(who, ids[:limit])
    posts = hydrate(who, list(kept), reasons=kept)
    shown = {one.post.pk: post_answer(one) for one in unmuted(who, posts, mutes)}
    page = page_of(ids, limit, lambda post_id: post_id, lambda post_id: shown.get(post_id))
    return Page(items=[one for one in page.items if one is not None], next=page.next)


@router.get("/feed", auth=READ, response=Page[PostAnswer])
def read_feed(request: HttpRequest, before: Before = CURSOR, limit: Limit = SIZE) -> Any:
    """List the posts of those one follows, and one's own, newest first."""
    who, mutes = actor(request), mutes_of(actor(request))
    ids = following_ids(who, before=before or LARGEST_ID, page=limit + 1, mutes=mutes)
    return _page(who, ids, limit, mutes)


@router.get("/feed/new", auth=READ, response=NewAnswer)
def count_new_posts(request: HttpRequest, after: Id) -> Any:
    """Count the posts of others that came into one's feed after one."""
    return NewAnswer(count=count_new(actor(request), after=after))


@router.get("/feed/moments", auth=READ, response=Page[PostAnswer])
def read_moments(request: HttpRequest, before: Before = CURSOR, limit: Limit = SIZE) -> Any:
    """List what friends show to friends alone, newest first."""
    who, mutes = actor(request), mutes_of(actor(request))
    ids = moment_ids(who, before=before or LARGEST_ID, page=limit + 1, mutes=mutes)
    return _page(who, ids, limit, mutes)


@router.get("/feed/near", auth=READ, response=Page[PostAnswer])
def read_near(request: HttpRequest, before: Before = CURSOR, limit: Limit = SIZE) -> Any:
    """List public posts from the region that one's own profile names, newest first."""
    who = actor(request)
    ids = near_ids(who, before=before or LARGEST_ID, page=limit + 1)
    return _page(who, ids, limit, mutes_of(who))


@router.get("/me/lists/{list_id}/posts", auth=READ, response=Page[PostAnswer])
def read_list(
    request: HttpRequest, list_id: Path[Id], before: Before = CURSOR, limit: Limit = SIZE
) -> Any:
    """List the posts of the people on one of one's own lists, newest first."""
    who, mutes = actor(request), mutes_of(actor(request))
    row = get_list_for(who, list_id)
    ids = list_ids(who, row.pk, before=before or LARGEST_ID, page=limit + 1, mutes=mutes)
    return _page(who, ids, limit, mutes)


@router.get("/explore", auth=ANYONE, response=Page[PostAnswer])
def read_explore(request: HttpRequest, before: Before = CURSOR, limit: Limit = SIZE) -> Any:
    """List public posts, newest first."""
    who = actor(request)
    ids = newest_ids(who, before=before or LARGEST_ID, page=limit + 1)
    return _page(who, ids, limit, mutes_of(who))


@router.get("/explore/ranked", auth=ANYONE, response=RankedPage)
def read_ranked(
    request: HttpRequest,
    session: Annotated[Session | None, Query(description="The `next` of the page before.")] = None,
    limit: Limit = SIZE,
) -> Any:
    """List posts ranked for the reader, each with its reason. Without a cursor they are anew."""
    who, mutes = actor(request), mutes_of(actor(request))
    ranked = explore(who, cursor=session or "", page=limit, mutes=mutes)
    why = dict(ranked.posts)
    posts = hydrate(who, list(why), reasons=ranked.commercial)
    return RankedPage(
        items=[
            RankedAnswer(post=post_answer(one), reason=why[one.post.pk])
            for one in unmuted(who, posts, mutes)
        ],
        next=ranked.next or None,
    )
