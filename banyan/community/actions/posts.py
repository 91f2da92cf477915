"""Publishing, repinning and taking away posts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

from banyan.groups.access import membership_of
from banyan.groups.rules import waits_for_a_moderator
from banyan.kernel import clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Forbidden, Invalid, NotFound
from banyan.kernel.remembered import change, insert
from banyan.media.actions import keep_video, set_alts
from banyan.media.models import Image
from banyan.moderation.actions import check_text
from banyan.people.access import member_id
from banyan.sharing.actions import share
from banyan.sharing.models import Link

from .. import counts
from ..access import PUBLIC, get_post_for
from ..events import PostPublished, PostRemoved
from ..models import AuthorStat, Post, PostImage, ProductTag
from ..rules import LIVE, WAITING
from .checking import (
    Tag,
    check_audience,
    check_declared,
    check_pictures,
    check_subject,
    check_tags,
    check_texts,
)
from .feeds import place_post
from .hiding import hold_post
from .naming import note_mentions, note_topics
from .polls import PollWish, check_poll, open_poll
from .previews import ask_for_preview
from .words import index_posts

CENTRE = (500, 500)


def publish_post(
    *,
    actor: Actor,
    images: Sequence[Image],
    alts: Sequence[str | None] = (),
    focuses: Sequence[tuple[int, int]] = (),
    title: str = "",
    body: str = "",
    tags: Sequence[Tag] = (),
    visibility: int = PUBLIC,
    language: str = "",
    kind: str = "note",
    group_id: int | None = None,
    declared: str = "",
    review_id: int | None = None,
    listing_id: int | None = None,
    poll: PollWish | None = None,
    video_id: int | None = None,
) -> Post:
    """Publish a post with 1 to 9 pictures; a public one gets its author's share link at once.

    Questions and moments may have none. ``alts`` say what each picture shows, in their order; None
    leaves what was said before; ``focuses`` are points (thousandths) that stay in sight. A review
    shows the verified ``review_id``, a listing ``listing_id``; both tag their product. A
    ``video_id`` is one of the author's own, the first picture its poster. Who is named by @handle
    is told once, if they may see it. Where its group wants that, it waits for a moderator first,
    and nothing is said of it until then. Emits post.published and, with the link,
    link.shared. Raises Invalid with the field, and what ``moderation.check_text`` raises; what the
    word filter holds is seen once a moderator says so.
    """
    author_id = member_id(actor)
    fields, product_id = check_subject(
        account_id=author_id, kind=kind, review_id=review_id, listing_id=listing_id
    )
    if product_id is not None and images and product_id not in {tag.product_id for tag in tags}:
        tags = [*tags, Tag(0, product_id, *CENTRE)]
    fields |= (
        check_pictures(
            count=len(images), kind=kind, title=title, body=body, has_video=video_id is not None
        )
        | check_texts(title=title, body=body)
        | check_audience(account_id=author_id, visibility=visibility, group_id=group_id)
        | check_tags(tags, len(images))
        | check_declared(declared)
        | check_poll(poll)
    )
    if fields:
        raise Invalid(fields=fields)
    held = check_text(
        actor=actor, text="\n".join([title, body, *(poll.options if poll else ())]), where="post"
    )
    with transaction.atomic():
        if video_id is not None:
            keep_video(actor=actor, video_id=video_id)
        (post,) = insert(
            Post(
                author_id=author_id,
                title=title.strip(),
                body=body.strip(),
                language=language[:8],
                visibility=visibility,
                kind=kind,
                group_id=group_id,
                declared=declared,
                state=state_of_new(actor, group_id),
                review_id=review_id,
                listing_id=listing_id,
                video_id=video_id,
                created_at=clock.now(),
            )
        )
        _show_pictures(post, images, focuses, tags)
        described = _texts([image.pk for image in images], alts)
        describe_own(actor=actor, images=images, alts=described)
        if poll is not None:
            open_poll(post, poll)
        if held:
            hold_post(actor, post)
        elif post.state == LIVE:
            make_known(actor, post, public=visibility == PUBLIC)
    return post


def state_of_new(actor: Actor, group_id: int | None) -> int:
    """Tell whether a new post appears at once, or waits for a moderator of its group."""
    mine = membership_of(actor, group_id) if group_id is not None else None
    if mine is None:
        return LIVE
    own = Post.objects.filter(author_id=mine.account_id, group_id=mine.group_id, state=LIVE)
    waits = waits_for_a_moderator(holds=mine.group.holds, role=mine.role, has_posted=own.exists())
    return WAITING if waits else LIVE


def make_known(actor: Actor, post: Post, *, public: bool) -> None:
    """Do what follows when a post appears: its words are found, whom it names and follows hear."""
    write_words(actor, post)
    if public:
        give_link(actor, post, via=None)
    tell_published(actor, post)


def _show_pictures(
    post: Post,
    images: Sequence[Image],
    focuses: Sequence[tuple[int, int]],
    tags: Sequence[Tag],
) -> None:
    places = [*focuses, *([CENTRE] * len(images))]
    rows = insert(
        *(
            PostImage(
                post=post,
                image=image,
                position=position,
                focus_x=min(1000, max(0, places[position][0])),
                focus_y=min(1000, max(0, places[position][1])),
            )
            for position, image in enumerate(images)
        )
    )
    insert(
        *(
            ProductTag(post_image=rows[tag.picture], product_id=tag.product_id, x=tag.x, y=tag.y)
            for tag in {(t.picture, t.product_id): t for t in tags}.values()
        )
    )


def write_words(actor: Actor, post: Post) -> None:
    """Write everything that follows from what the post says."""
    texts = [post.title, post.body]
    note_mentions(actor=actor, post=post, texts=texts)
    note_topics(post=post, texts=texts)
    ask_for_preview(post)
    index_posts([post])


def _texts(image_ids: Sequence[int], alts: Sequence[str | None]) -> dict[int, str]:
    given = zip(image_ids, alts, strict=False)  # fewer texts than pictures leave the rest alone
    return {image_id: text for image_id, text in given if text is not None}


def describe_own(*, actor: Actor, images: Sequence[Image], alts: Mapping[int, str]) -> None:
    """Say what pictures of the actor's own show, by image id; others' are left alone."""
    owner_id = member_id(actor)
    own = {image.pk for image in images if image.owner_id == owner_id}
    set_alts({image_id: text for image_id, text in alts.items() if image_id in own})


def describe_pictures(
    *,
    actor: Actor,
    post_id: int,
    alts: Sequence[str | None],
    focuses: Sequence[tuple[int, int] | None] = (),
) -> Post:
    """Say what the pictures of one's own post show, in their order, and what stays in sight.

    None leaves one as it is; what somebody else's picture shows is left alone. Repeatable.
    NotFound for the posts of others, and for a repin: its pictures are the original's.
    """
    author_id = member_id(actor)
    post = Post.objects.filter(
        pk=post_id, author_id=author_id, repin_of=None, deleted_at=None
    ).first()
    if post is None:
        raise NotFound()
    with transaction.atomic():
        rows = list(post.images.select_related("image").order_by("position"))
        images = [row.image for row in rows]
        described = _texts([image.pk for image in images], alts)
        describe_own(actor=actor, images=images, alts=described)
        for row, focus in zip(rows, focuses, strict=False):
            if focus is not None:
                row.focus_x, row.focus_y = (min(1000, max(0, at)) for at in focus)
        PostImage.objects.bulk_update(rows, ["focus_x", "focus_y"])
    return post


def give_link(actor: Actor, post: Post, *, via: Link | None) -> None:
    """Give a post its author's share link, a child of ``via``."""
    post.link = share(actor=actor, target_kind="post", target_id=post.pk, via=via)
    change(post, {}, {"link": post.link.pk})


def tell_published(actor: Actor, post: Post) -> None:
    """Say that a post can be seen. In the caller's transaction; emits post.published."""
    stat, _new = AuthorStat.objects.get_or_create(account_id=post.author_id)
    newest: dict[str, Any] = {"last_followers_id": Greatest("last_followers_id", post.pk)}
    if post.visibility == PUBLIC:
        newest["last_public_id"] = Greatest("last_public_id", post.pk)
        if post.repin_of_id is None:
            place_post(post)
    AuthorStat.objects.filter(pk=stat.pk).update(**newest)
    events.emit(
        PostPublished(post_id=post.pk, author_id=post.author_id, repin_of_id=post.repin_of_id),
        actor=actor,
    )


def repin(*, actor: Actor, post_id: int, note: str = "", via: Link | None = None) -> Post:
    """Show somebody's post to one's own followers; the chain is kept.

    The repin's link is a child of the link it came through: ``via`` when the member arrived
    through one, else the post's own. A repin of a repin shows the original. Repeatable.
    """
    author_id = member_id(actor)
    source = get_post_for(actor, post_id)
    original = source.repin_of or source
    if original.visibility != PUBLIC:
        raise Forbidden(_("Only public posts can be shown on."), code="repin_private")
    if original.author_id == author_id:
        raise Forbidden(_("This is your own post."), code="repin_own")
    mine = Post.objects.filter(author_id=author_id, repin_of=original, deleted_at=None)
    before = mine.first()
    if before is not None:
        return before
    if check_text(actor=actor, text=note, where="post"):
        note = ""  # the post is shown on all the same
    try:
        with transaction.atomic():
            post = Post.objects.create(
                author_id=author_id,
                body=note.strip()[:500],
                repin_of=original,
                created_at=clock.now(),
            )
            write_words(actor, post)
            give_link(actor, post, via=via or source.link)
            tell_published(actor, post)
            counts.count("repins", original.pk)
    except IntegrityError as error:
        if "post_repin_once" not in str(error):
            raise
        return mine.get()  # two taps at once: the other one was first
    return post


def delete_post(*, actor: Actor, post_id: int) -> None:
    """Take one's own post away; what was bought through it keeps its path. Repeatable.

    Emits post.removed.
    """
    post = Post.objects.filter(pk=post_id, author_id=member_id(actor)).first()
    if post is None:
        raise NotFound()
    with transaction.atomic():
        gone = Post.objects.filter(pk=post.pk, deleted_at=None).update(deleted_at=clock.now())
        if gone:
            told = PostRemoved(
                post_id=post.pk, author_id=post.author_id, repin_of_id=post.repin_of_id
            )
            events.emit(told, actor=actor)
        if gone and post.repin_of_id is not None:
            counts.count("repins", post.repin_of_id, -1)
