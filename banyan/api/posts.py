"""Posts, likes, comments, repins, and the lists that show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import get_language
from ninja import File, Path, Router, Status, UploadedFile

from banyan.community import actions as community
from banyan.community.access import get_post_for
from banyan.community.labels import label
from banyan.community.models import Comment
from banyan.community.queries import (
    Shown,
    history_of,
    hydrate,
    poll_of,
    posts_of,
    replies_to,
    thread,
)
from banyan.community.rules import HELD, WAITING
from banyan.kernel import ratelimits
from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound
from banyan.media.actions import claim_staged, intake_video
from banyan.media.models import Video
from banyan.media.queries import image_of_each
from banyan.media.rules import VIDEO_MIME
from banyan.media.serving import video_answer
from banyan.people.access import get_account_for
from banyan.people.models import Account
from banyan.sharing.queries import link_by_code

from .gate import ANYONE, WRITE, actor
from .paging import CURSOR, SIZE, After, Before, Limit, Page, page_of
from .people import Handle
from .post_shapes import (
    VISIBILITY,
    VISIBILITY_NAMES,
    AltsBody,
    CommentAnswer,
    CommentBody,
    DisclosureAnswer,
    EditAnswer,
    EditBody,
    PollAnswer,
    PollOptionAnswer,
    PostAnswer,
    PostBody,
    RepinBody,
    TagAnswer,
    ThreadAnswer,
    VideoAnswer,
    VideoVariant,
    VoteBody,
)
from .reading import check_form
from .schemas import (
    LARGEST_ID,
    Id,
    Money,
    Person,
    Picture,
)

router = Router(tags=["posts"])
VIDEOS = (20, 3600)


def _person(account: Account) -> Person:
    return Person(id=account.pk, handle=account.handle, name=account.display_name)


def post_answer(shown: Shown) -> PostAnswer:
    """Return a post as the API shows it."""
    post, content = shown.post, shown.content
    repin = post.repin_of_id is not None
    pictures = [
        Picture(url=one["src"], width=one["width"], height=one["height"], alt=one["alt"])
        for one in shown.images
    ]
    return PostAnswer(
        id=post.pk,
        author=_person(post.author),
        repin_of=post.repin_of_id,
        original_author=_person(content.author) if repin else None,
        title=content.title,
        body=content.body,
        note=post.body if repin else "",
        kind=content.kind,
        disclosure=DisclosureAnswer(reason=shown.reason, label=label(shown.reason))
        if shown.reason
        else None,
        visibility=VISIBILITY_NAMES[post.visibility],
        waits=post.state in {WAITING, HELD},
        pictures=pictures,
        video=f"/p/{post.pk}/video" if content.video_id else None,
        video_variants=[_variant(post.pk, content.video)] if content.video else [],
        poster=pictures[0] if content.video_id and pictures else None,
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
        saves=shown.saves,
        repins=shown.repins,
        liked=shown.liked,
        link=post.link.code if post.link else None,
        created_at=post.created_at,
        edited_at=content.edited_at,
    )


def _variant(post_id: int, video: Video) -> VideoVariant:
    url = f"/api/v1/posts/{post_id}/video"
    return VideoVariant(url=url, type=VIDEO_MIME[video.fmt], bytes=video.bytes)


def _comment(row: Comment) -> CommentAnswer:
    return CommentAnswer(**_comment_columns(row))


def _comment_columns(row: Comment) -> dict[str, Any]:
    return {
        "id": row.pk,
        "author": _person(row.author),
        "body": "" if row.deleted_at else row.body,
        "waits": row.state == HELD,
        "created_at": row.created_at,
    }


def _one(who: Actor, post_id: int) -> PostAnswer:
    return post_answer(hydrate(who, [post_id])[0])


def _page(who: Actor, ids: Sequence[int], limit: int) -> Page[PostAnswer]:
    """Return a page of posts; one deleted meanwhile is left out."""
    shown = {one.post.pk: post_answer(one) for one in hydrate(who, ids[:limit])}
    page = page_of(ids, limit, lambda post_id: post_id, lambda post_id: shown.get(post_id))
    return Page(items=[one for one in page.items if one is not None], next=page.next)


@router.post("/videos", auth=WRITE, response={201: VideoAnswer})
def upload_video(request: HttpRequest, file: File[UploadedFile]) -> Any:
    """Upload a short video (MP4 or WebM; 50 MB, 180 seconds) for a post within 48 hours.

    It is kept as it is and never decoded here; the first picture of its post is the poster.
    """
    who = actor(request)
    check_form(request)
    ratelimits.hit(f"video:{who.id}", *VIDEOS)
    made = intake_video(actor=who, file=file)
    return Status(201, VideoAnswer(id=made.pk, type=VIDEO_MIME[made.fmt], bytes=made.bytes))


@router.get("/posts/{post_id}/video", auth=ANYONE)
def read_video(request: HttpRequest, post_id: Path[Id]) -> Any:
    """Send the video of a post, or the part that a `Range` header asks for."""
    post = get_post_for(actor(request), post_id)
    return video_answer((post.repin_of or post).video, asked=request.headers.get("range", ""))


@router.post("/posts", auth=WRITE, response={201: PostAnswer})
def publish_post(request: HttpRequest, body: PostBody) -> Any:
    """Publish a post; it gets its author's share link at once, unless a moderator looks first."""
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
            focuses=[(x, y) for x, y in body.focuses],
            kind=body.kind,
            group_id=body.group_id,
            declared=body.declared,
            video_id=body.video,
            poll=community.PollWish(body.poll.options, body.poll.days) if body.poll else None,
        )
    return Status(201, _one(who, post.pk))


@router.get("/posts/{post_id}", auth=ANYONE, response=PostAnswer)
def read_post(request: HttpRequest, post_id: Path[Id]) -> Any:
    """Return a post."""
    who = actor(request)
    return _one(who, get_post_for(who, post_id).pk)


@router.put("/posts/{post_id}", auth=WRITE, response=PostAnswer)
def edit_post(request: HttpRequest, post_id: Path[Id], body: EditBody) -> Any:
    """Change one's own post; what it said before stays readable. Repeatable."""
    who = actor(request)
    community.edit_post(
        actor=who,
        post_id=post_id,
        title=body.title,
        body=body.body,
        visibility=None if body.visibility is None else VISIBILITY[body.visibility],
        declared=body.declared,
    )
    return _one(who, post_id)


@router.get("/posts/{post_id}/history", auth=ANYONE, response=list[EditAnswer])
def list_edits(request: HttpRequest, post_id: Path[Id]) -> Any:
    """List what a post said before, newest first, as far as it was for the reader."""
    who = actor(request)
    edits = history_of(who, get_post_for(who, post_id))
    return [EditAnswer(title=one.title, body=one.body, until=one.until) for one in edits]


@router.get("/posts/{post_id}/poll", auth=ANYONE, response=PollAnswer)
def read_poll(request: HttpRequest, post_id: Path[Id]) -> Any:
    """Return the poll of a post."""
    return _poll(actor(request), post_id)


@router.put("/posts/{post_id}/vote", auth=WRITE, response=PollAnswer)
def vote(request: HttpRequest, post_id: Path[Id], body: VoteBody) -> Any:
    """Vote, once; a second time answers with the first vote."""
    who = actor(request)
    community.vote(actor=who, post_id=post_id, option_id=body.option_id)
    return _poll(who, post_id)


def _poll(who: Actor, post_id: int) -> PollAnswer:
    post = get_post_for(who, post_id)
    found = poll_of(who, post.repin_of_id or post.pk)
    if found is None:
        raise NotFound()
    return PollAnswer(
        closes_at=found.closes_at,
        closed=found.closed,
        voted=found.voted,
        people=found.people,
        options=[
            PollOptionAnswer(id=one.id, text=one.text, votes=one.votes, mine=one.mine)
            for one in found.answers
        ],
    )


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


@router.get("/posts/{post_id}/comments", auth=ANYONE, response=Page[ThreadAnswer])
def list_comments(
    request: HttpRequest, post_id: Path[Id], after: After = CURSOR, limit: Limit = SIZE
) -> Any:
    """List the comments of a post, oldest first, each with the first two answers to it."""
    who = actor(request)
    post = get_post_for(who, post_id)
    talk = thread(who, post.pk, cursor=str(after or ""), page=limit)
    items = [
        ThreadAnswer(
            # Who took their words away, or whose were hidden, is not named by what was answered.
            **_comment_columns(each.root) | ({"author": None} if each.gone else {}),
            replies=[_comment(row) for row in each.replies],
            answers=each.answers,
        )
        for each in talk.threads
    ]
    return Page(items=items, next=int(talk.next) if talk.next else None)


@router.get(
    "/posts/{post_id}/comments/{comment_id}/answers", auth=ANYONE, response=Page[CommentAnswer]
)
def list_answers(
    request: HttpRequest,
    post_id: Path[Id],
    comment_id: Path[Id],
    after: After = CURSOR,
    limit: Limit = SIZE,
) -> Any:
    """List the answers to a comment, oldest first."""
    who = actor(request)
    post = get_post_for(who, post_id)
    rows, following = replies_to(who, post.pk, comment_id, after=after or 0, page=limit)
    return Page(items=[_comment(row) for row in rows], next=following)


@router.post("/posts/{post_id}/comments", auth=WRITE, response={201: CommentAnswer})
def write_comment(request: HttpRequest, post_id: Path[Id], body: CommentBody) -> Any:
    """Write under a post. What waits for a moderator is told to its author alone."""
    row = community.comment(
        actor=actor(request), post_id=post_id, body=body.body, parent_id=body.parent_id
    )
    return Status(201, CommentAnswer(**_comment_columns(row) | {"body": row.body}))


@router.delete("/comments/{comment_id}", auth=WRITE, response={204: None})
def delete_comment(request: HttpRequest, comment_id: Path[Id]) -> Any:
    """Take a comment away: its author, or the post's author. Repeatable."""
    community.delete_comment(actor=actor(request), comment_id=comment_id)
    return Status(204, None)


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
