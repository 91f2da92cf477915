"""Posts, likes, comments, repins, and the lists that show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import get_language
from ninja import Path, Router, Status
from pydantic import Field, StringConstraints

from banyan.community import actions as community
from banyan.community.access import get_post_for
from banyan.community.models import Comment
from banyan.community.queries import (
    Shown,
    following_ids,
    hydrate,
    newest_ids,
    posts_of,
    thread,
)
from banyan.kernel.actors import Actor
from banyan.media.actions import claim_staged
from banyan.media.queries import image_of_each
from banyan.people.access import get_account_for
from banyan.people.models import Account
from banyan.sharing.queries import link_by_code

from .gate import ANYONE, READ, WRITE, actor
from .paging import CURSOR, SIZE, Before, Limit, Page, page_of
from .people import Handle
from .schemas import (
    LARGEST_ID,
    Alt,
    Answer,
    Body,
    Code,
    Id,
    IdOut,
    Moment,
    Money,
    Person,
    Picture,
    Token,
)

router = Router(tags=["posts"])
VISIBILITY = {"public": 0, "followers": 1, "friends": 2, "only_me": 3}
VISIBILITY_NAMES = {number: name for name, number in VISIBILITY.items()}
Thousandth = Annotated[int, Field(strict=True, ge=0, le=1000)]


class TagBody(Body):
    """A product on the ``picture``-th picture (from 0), at thousandths of its size."""

    product_id: Id
    picture: Annotated[int, Field(strict=True, ge=0, le=8)] = 0
    x: Thousandth = 500
    y: Thousandth = 500


class PostBody(Body):
    """A post: 1 to 9 uploaded pictures by their tokens, with products tagged on them.

    ``alts`` say what each picture shows, in their order, for people who cannot see it.
    """

    pictures: Annotated[list[Token], Field(min_length=1, max_length=9)]
    alts: Annotated[list[Alt | None], Field(max_length=9)] = []
    title: Annotated[str, StringConstraints(max_length=120)] = ""
    body: Annotated[str, StringConstraints(max_length=5000)] = ""
    tags: Annotated[list[TagBody], Field(max_length=10)] = []
    visibility: Literal["public", "followers", "friends", "only_me"] = "public"


class AltsBody(Body):
    """What the pictures show, in their order; null leaves one as it is, empty takes it away."""

    alts: Annotated[list[Alt | None], Field(max_length=9)]


class RepinBody(Body):
    """A repin: a word of one's own, and the link through which the post was reached."""

    note: Annotated[str, StringConstraints(max_length=500)] = ""
    via: Code | None = None


class CommentBody(Body):
    """A comment; ``parent_id`` answers another one."""

    body: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    parent_id: Id | None = None


class TagAnswer(Answer):
    """A product on a picture; ``price`` is null where none is on sale."""

    product_id: IdOut
    title: str
    picture: int
    x: int
    y: int
    price: Money | None


class PostAnswer(Answer):
    """A post. A repin shows its original's content; ``link`` is the code to share it by."""

    id: IdOut
    author: Person
    repin_of: IdOut | None
    original_author: Person | None
    title: str
    body: str
    note: str
    visibility: str
    pictures: list[Picture]
    tags: list[TagAnswer]
    likes: int
    comments: int
    liked: bool
    link: str | None
    created_at: Moment


class CommentAnswer(Answer):
    """A comment."""

    id: IdOut
    author: Person
    body: str
    created_at: Moment


class ThreadAnswer(CommentAnswer):
    """A comment with the answers to it, oldest first. One taken away has no ``body`` any more."""

    replies: list[CommentAnswer]


def _person(account: Account) -> Person:
    return Person(id=account.pk, handle=account.handle, name=account.display_name)


def _post(shown: Shown) -> PostAnswer:
    post, content = shown.post, shown.content
    repin = post.repin_of_id is not None
    return PostAnswer(
        id=post.pk,
        author=_person(post.author),
        repin_of=post.repin_of_id,
        original_author=_person(content.author) if repin else None,
        title=content.title,
        body=content.body,
        note=post.body if repin else "",
        visibility=VISIBILITY_NAMES[post.visibility],
        pictures=[
            Picture(url=one["src"], width=one["width"], height=one["height"], alt=one["alt"])
            for one in shown.images
        ],
        tags=[
            TagAnswer(
                product_id=spot.product.pk,
                title=spot.product.title,
                picture=spot.picture,
                x=spot.x,
                y=spot.y,
                price=Money.of(spot.price) if spot.price else None,
            )
            for spot in shown.spots
        ],
        likes=shown.likes,
        comments=shown.comments,
        liked=shown.liked,
        link=post.link.code if post.link else None,
        created_at=post.created_at,
    )


def _comment(row: Comment) -> CommentAnswer:
    return CommentAnswer(**_comment_columns(row))


def _comment_columns(row: Comment) -> dict[str, Any]:
    return {
        "id": row.pk,
        "author": _person(row.author),
        "body": "" if row.deleted_at else row.body,
        "created_at": row.created_at,
    }


def _one(who: Actor, post_id: int) -> PostAnswer:
    return _post(hydrate(who, [post_id])[0])


def _page(who: Actor, ids: Sequence[int], limit: int) -> Page[PostAnswer]:
    """Return a page of posts; one that was deleted meanwhile is left out."""
    shown = {one.post.pk: _post(one) for one in hydrate(who, ids[:limit])}
    page = page_of(ids, limit, lambda post_id: post_id, lambda post_id: shown.get(post_id))
    return Page(items=[one for one in page.items if one is not None], next=page.next)


@router.post("/posts", auth=WRITE, response={201: PostAnswer})
def publish_post(request: HttpRequest, body: PostBody) -> Any:
    """Publish a post; it gets its author's share link at once."""
    who = actor(request)
    with transaction.atomic():
        images = claim_staged(actor=who, tokens=body.pictures)
        each = image_of_each(who, body.pictures)
        texts = {each[token]: text for token, text in zip(body.pictures, body.alts, strict=False)}
        post = community.publish_post(
            actor=who,
            images=images,
            alts=[texts.get(image.pk) for image in images],
            title=body.title,
            body=body.body,
            tags=[community.Tag(tag.picture, tag.product_id, tag.x, tag.y) for tag in body.tags],
            visibility=VISIBILITY[body.visibility],
            language=get_language() or "",
        )
    return Status(201, _one(who, post.pk))


@router.get("/posts/{post_id}", auth=ANYONE, response=PostAnswer)
def read_post(request: HttpRequest, post_id: Path[Id]) -> Any:
    """Return a post."""
    who = actor(request)
    return _one(who, get_post_for(who, post_id).pk)


@router.delete("/posts/{post_id}", auth=WRITE, response={204: None})
def delete_post(request: HttpRequest, post_id: Path[Id]) -> Any:
    """Take one's own post away; what was bought through it keeps its path. Repeatable."""
    community.delete_post(actor=actor(request), post_id=post_id)
    return Status(204, None)


@router.put("/posts/{post_id}/alts", auth=WRITE, response=PostAnswer)
def describe_pictures(request: HttpRequest, post_id: Path[Id], body: AltsBody) -> Any:
    """Say what the pictures of one's own post show. Repeatable."""
    who = actor(request)
    return _one(who, community.describe_pictures(actor=who, post_id=post_id, alts=body.alts).pk)


@router.put("/posts/{post_id}/like", auth=WRITE, response=PostAnswer)
def like_post(request: HttpRequest, post_id: Path[Id]) -> Any:
    """Like a post. Repeatable."""
    who = actor(request)
    community.like(actor=who, post_id=post_id)
    return _one(who, post_id)


@router.delete("/posts/{post_id}/like", auth=WRITE, response={200: PostAnswer})
def unlike_post(request: HttpRequest, post_id: Path[Id]) -> Any:
    """Take a like back. Repeatable."""
    who = actor(request)
    post = get_post_for(who, post_id)
    community.unlike(actor=who, post_id=post.pk)
    return _one(who, post.pk)


@router.post("/posts/{post_id}/repin", auth=WRITE, response={201: PostAnswer})
def repin_post(request: HttpRequest, post_id: Path[Id], body: RepinBody) -> Any:
    """Show a post to one's own followers; the chain of sharers is kept. Repeatable."""
    who = actor(request)
    via = link_by_code(body.via) if body.via else None
    made = community.repin(actor=who, post_id=post_id, note=body.note, via=via)
    return Status(201, _one(who, made.pk))


@router.get("/posts/{post_id}/comments", auth=ANYONE, response=list[ThreadAnswer])
def list_comments(request: HttpRequest, post_id: Path[Id]) -> Any:
    """Return the comments of a post in two levels, oldest first; 500 at most."""
    who = actor(request)
    post = get_post_for(who, post_id)
    return [
        ThreadAnswer(**_comment_columns(each.root), replies=[_comment(row) for row in each.replies])
        for each in thread(who, post.pk)
    ]


@router.post("/posts/{post_id}/comments", auth=WRITE, response={201: CommentAnswer})
def write_comment(request: HttpRequest, post_id: Path[Id], body: CommentBody) -> Any:
    """Write under a post."""
    row = community.comment(
        actor=actor(request), post_id=post_id, body=body.body, parent_id=body.parent_id
    )
    return Status(201, _comment(row))


@router.delete("/comments/{comment_id}", auth=WRITE, response={204: None})
def delete_comment(request: HttpRequest, comment_id: Path[Id]) -> Any:
    """Take a comment away: its author, or the post's author. Repeatable."""
    community.delete_comment(actor=actor(request), comment_id=comment_id)
    return Status(204, None)


@router.get("/feed", auth=READ, response=Page[PostAnswer])
def read_feed(request: HttpRequest, before: Before = CURSOR, limit: Limit = SIZE) -> Any:
    """List the posts of those one follows, and one's own, newest first."""
    who = actor(request)
    return _page(who, following_ids(who, before=before or LARGEST_ID, page=limit + 1), limit)


@router.get("/explore", auth=ANYONE, response=Page[PostAnswer])
def read_explore(request: HttpRequest, before: Before = CURSOR, limit: Limit = SIZE) -> Any:
    """List public posts, newest first."""
    who = actor(request)
    return _page(who, newest_ids(who, before=before or LARGEST_ID, page=limit + 1), limit)


@router.get("/people/{handle}/posts", auth=ANYONE, response=Page[PostAnswer])
def list_posts(
    request: HttpRequest,
    handle: Path[Handle],
    before: Before = CURSOR,
    limit: Limit = SIZE,
) -> Any:
    """List somebody's posts, newest first."""
    who = actor(request)
    author = get_account_for(who, handle)
    ids = posts_of(who, author.pk, before=before or LARGEST_ID, page=limit + 1)
    return _page(who, ids, limit)
