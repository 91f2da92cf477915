"""Publishing, repinning and taking away posts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import visible_products
from banyan.kernel import clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Forbidden, Invalid, NotFound
from banyan.kernel.remembered import change, insert
from banyan.media.actions import set_alts
from banyan.media.models import Image
from banyan.sharing.actions import share
from banyan.sharing.models import Link

from .. import counts
from ..access import PUBLIC, get_post_for
from ..events import PostPublished
from ..models import AuthorStat, Post, PostImage, ProductTag
from .members import member_id
from .words import index_posts

MOST_PICTURES = 9
MOST_TAGS = 10


@dataclass(frozen=True, slots=True)
class Tag:
    """A product on the ``picture``-th picture, at ``x``, ``y`` thousandths of its size."""

    picture: int
    product_id: int
    x: int
    y: int


def publish_post(
    *,
    actor: Actor,
    images: Sequence[Image],
    alts: Sequence[str | None] = (),
    title: str = "",
    body: str = "",
    tags: Sequence[Tag] = (),
    visibility: int = PUBLIC,
    language: str = "",
) -> Post:
    """Publish a post with 1 to 9 pictures; a public one gets its author's share link at once.

    ``alts`` say what each picture shows, in their order; None leaves what was said before.
    Emits post.published and, with the link, link.shared. Raises Invalid with the field.
    """
    author_id = member_id(actor)
    fields: dict[str, object] = {}
    if not 1 <= len(images) <= MOST_PICTURES:
        fields["pictures"] = _("Add 1 to 9 pictures.")
    if len(title.strip()) > 120:
        fields["title"] = _("At most 120 letters.")
    if len(body) > 5000:
        fields["body"] = _("At most 5,000 letters.")
    if visibility not in (0, 1, 2, 3):
        fields["visibility"] = _("Choose who may see it.")
    known = set(
        visible_products()
        .filter(pk__in=[tag.product_id for tag in tags])
        .values_list("id", flat=True)
    )
    places_fit = all(
        tag.product_id in known
        and 0 <= tag.picture < len(images)
        and 0 <= tag.x <= 1000
        and 0 <= tag.y <= 1000
        for tag in tags
    )
    if len(tags) > MOST_TAGS or not places_fit:
        fields["tags"] = _("A tagged product is not on sale, or its place is off the picture.")
    if fields:
        raise Invalid(fields=fields)
    with transaction.atomic():
        (post,) = insert(
            Post(
                author_id=author_id,
                title=title.strip(),
                body=body.strip(),
                language=language[:8],
                visibility=visibility,
                created_at=clock.now(),
            )
        )
        rows = insert(
            *(
                PostImage(post=post, image=image, position=position)
                for position, image in enumerate(images)
            )
        )
        insert(
            *(
                ProductTag(
                    post_image=rows[tag.picture], product_id=tag.product_id, x=tag.x, y=tag.y
                )
                for tag in {(t.picture, t.product_id): t for t in tags}.values()
            )
        )
        set_alts(_texts([image.pk for image in images], alts))
        index_posts([post])
        if visibility == PUBLIC:
            _give_link(actor, post, via=None)
        _publish(actor, post)
    return post


def _texts(image_ids: Sequence[int], alts: Sequence[str | None]) -> dict[int, str]:
    given = zip(image_ids, alts, strict=False)  # fewer texts than pictures leave the rest alone
    return {image_id: text for image_id, text in given if text is not None}


def describe_pictures(*, actor: Actor, post_id: int, alts: Sequence[str | None]) -> Post:
    """Say what the pictures of one's own post show, in their order; None leaves one. Repeatable.

    NotFound for the posts of others, and for a repin: its pictures are the original's.
    """
    author_id = member_id(actor)
    post = Post.objects.filter(
        pk=post_id, author_id=author_id, repin_of=None, deleted_at=None
    ).first()
    if post is None:
        raise NotFound()
    with transaction.atomic():
        pictures = PostImage.objects.filter(post=post).order_by("position")
        set_alts(_texts(list(pictures.values_list("image_id", flat=True)), alts))
    return post


def _give_link(actor: Actor, post: Post, *, via: Link | None) -> None:
    post.link = share(actor=actor, target_kind="post", target_id=post.pk, via=via)
    change(post, {}, {"link": post.link.pk})


def _publish(actor: Actor, post: Post) -> None:
    stat, _new = AuthorStat.objects.get_or_create(account_id=post.author_id)
    newest: dict[str, Any] = {"last_followers_id": Greatest("last_followers_id", post.pk)}
    if post.visibility == PUBLIC:
        newest["last_public_id"] = Greatest("last_public_id", post.pk)
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
    before = Post.objects.filter(author_id=author_id, repin_of=original, deleted_at=None).first()
    if before is not None:
        return before
    with transaction.atomic():
        post = Post.objects.create(
            author_id=author_id,
            body=note.strip()[:500],
            repin_of=original,
            created_at=clock.now(),
        )
        _give_link(actor, post, via=via or source.link)
        _publish(actor, post)
        counts.count("repins", original.pk)
    return post


def delete_post(*, actor: Actor, post_id: int) -> None:
    """Take one's own post away; what was bought through it keeps its path. Repeatable."""
    post = Post.objects.filter(pk=post_id, author_id=member_id(actor)).first()
    if post is None:
        raise NotFound()
    with transaction.atomic():
        gone = Post.objects.filter(pk=post.pk, deleted_at=None).update(deleted_at=clock.now())
        if gone and post.repin_of_id is not None:
            counts.count("repins", post.repin_of_id, -1)
