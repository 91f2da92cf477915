"""Verbs of the community: the only writers of its tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import visible_products
from banyan.catalog.rules import slugify
from banyan.kernel import clock, events, search
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.problems import Forbidden, Invalid, LoginRequired, NotFound
from banyan.kernel.remembered import change, insert
from banyan.media.actions import set_alts
from banyan.media.models import Image
from banyan.sharing.actions import share
from banyan.sharing.models import Link

from . import counts
from .access import ONLY_ME, PUBLIC, get_post_for, visible_comments, visible_posts
from .events import PostCommented, PostLiked, PostPublished
from .models import (
    AuthorStat,
    Board,
    BoardPost,
    Comment,
    Like,
    Post,
    PostImage,
    PostWords,
    ProductTag,
)

MOST_PICTURES = 9
MOST_TAGS = 10
REINDEXED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Tag:
    """A product on the ``picture``-th picture, at ``x``, ``y`` thousandths of its size."""

    picture: int
    product_id: int
    x: int
    y: int


def _member(actor: Actor) -> int:
    if actor.id is None:
        raise LoginRequired()
    return actor.id


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
    author_id = _member(actor)
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
    author_id = _member(actor)
    post = Post.objects.filter(
        pk=post_id, author_id=author_id, repin_of=None, deleted_at=None
    ).first()
    if post is None:
        raise NotFound()
    with transaction.atomic():
        pictures = PostImage.objects.filter(post=post).order_by("position")
        set_alts(_texts(list(pictures.values_list("image_id", flat=True)), alts))
    return post


def index_posts(posts: Sequence[Post]) -> None:
    """Write the search words of ``posts``, inside the caller's transaction. Repeatable."""
    own = [post for post in posts if post.repin_of_id is None]
    search.write(
        PostWords, "post_id", {post.pk: [("A", post.title), ("C", post.body)] for post in own}
    )


def reindex_posts() -> int:
    """Write the search words of every post anew, piece by piece. Returns how many."""
    count, after = 0, 0
    while piece := list(Post.objects.filter(pk__gt=after).order_by("pk")[:REINDEXED_AT_ONCE]):
        index_posts(piece)
        count, after = count + len(piece), piece[-1].pk
    return count


def count_words() -> int:
    """Count the words of posts that everybody may see (``search.count``). Repeatable."""
    return search.count(visible_posts(Actor.guest()), "words")


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
    author_id = _member(actor)
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
    post = Post.objects.filter(pk=post_id, author_id=_member(actor)).first()
    if post is None:
        raise NotFound()
    with transaction.atomic():
        gone = Post.objects.filter(pk=post.pk, deleted_at=None).update(deleted_at=clock.now())
        if gone and post.repin_of_id is not None:
            counts.count("repins", post.repin_of_id, -1)


def like(*, actor: Actor, post_id: int) -> None:
    """Like a post, once. Emits post.liked the first time."""
    by = _member(actor)
    post = get_post_for(actor, post_id)
    try:
        with transaction.atomic():
            insert(Like(post=post, account_id=by, created_at=clock.now()))
            counts.count("likes", post.pk)
            events.emit(PostLiked(post_id=post.pk, author_id=post.author_id, by_id=by), actor=actor)
    except IntegrityError:
        return


def unlike(*, actor: Actor, post_id: int) -> None:
    """Take a like back; repeatable."""
    by = _member(actor)
    with transaction.atomic():
        deleted, _rows = Like.objects.filter(post_id=post_id, account_id=by).delete()
        if deleted:
            counts.count("likes", post_id, -1)


def comment(*, actor: Actor, post_id: int, body: str, parent_id: int | None = None) -> Comment:
    """Write under a post; an answer to an answer joins the same thread. Emits post.commented."""
    by = _member(actor)
    post = get_post_for(actor, post_id)
    body = body.strip()
    if not 1 <= len(body) <= 1000:
        raise Invalid(fields={"body": _("Write 1 to 1000 letters.")})
    parent = None
    if parent_id is not None:
        parent = visible_comments(actor, post.pk).filter(pk=parent_id, deleted_at=None).first()
        if parent is None:
            raise NotFound()
    with transaction.atomic():
        row = Comment.objects.create(
            post=post,
            root_id=(parent.root_id or parent.pk) if parent else None,
            parent=parent,
            author_id=by,
            body=body,
            created_at=clock.now(),
        )
        counts.count("comments", post.pk)
        events.emit(
            PostCommented(
                post_id=post.pk,
                author_id=post.author_id,
                comment_id=row.pk,
                by_id=by,
                answers_id=parent.author_id if parent else None,
            ),
            actor=actor,
        )
    return row


def delete_comment(*, actor: Actor, comment_id: int) -> None:
    """Take a comment away: its author, or the post's author. Answers to it stay. Repeatable."""
    row = Comment.objects.select_related("post").filter(pk=comment_id).first()
    if row is None or _member(actor) not in {row.author_id, row.post.author_id}:
        raise NotFound()
    with transaction.atomic():
        if Comment.objects.filter(pk=row.pk, deleted_at=None).update(deleted_at=clock.now()):
            counts.count("comments", row.post_id, -1)


def make_board(*, actor: Actor, title: str, about: str = "", private: bool = False) -> Board:
    """Make a board; the same title gives the same board."""
    owner_id = _member(actor)
    title = title.strip()
    if not 1 <= len(title) <= 80:
        raise Invalid(fields={"title": _("Give the board a name of 1 to 80 letters.")})
    before = Board.objects.filter(owner_id=owner_id, title=title).first()
    if before is not None:
        return before
    slug = slugify(title, fallback="board")[:40]
    if Board.objects.filter(owner_id=owner_id, slug=slug).exists() or slug == "board":
        slug = f"{slug}-{new_code(30).lower()}"
    return Board.objects.create(
        owner_id=owner_id,
        slug=slug,
        title=title,
        about=about.strip()[:300],
        visibility=3 if private else 0,
        created_at=clock.now(),
    )


def save_to_board(*, actor: Actor, post_id: int, board_id: int, note: str = "") -> BoardPost:
    """Put a post on one's own board; repeatable."""
    board = Board.objects.filter(pk=board_id, owner_id=_member(actor)).first()
    if board is None:
        raise NotFound()
    post = get_post_for(actor, post_id)
    with transaction.atomic():
        row, new = BoardPost.objects.get_or_create(
            board=board, post=post, defaults={"note": note.strip()[:200], "added_at": clock.now()}
        )
        if new:
            counts.count("saves", post.pk)
    return row


def take_from_board(*, actor: Actor, post_id: int, board_id: int) -> None:
    """Take a post off one's own board; repeatable."""
    mine = BoardPost.objects.filter(
        post_id=post_id, board_id=board_id, board__owner_id=_member(actor)
    )
    with transaction.atomic():
        deleted, _rows = mine.delete()
        if deleted:
            counts.count("saves", post_id, -1)


def change_board(
    *, actor: Actor, board_id: int, title: str, about: str = "", private: bool = False
) -> Board:
    """Rename one's own board, or open or close it to others; its address stays."""
    board = Board.objects.filter(pk=board_id, owner_id=_member(actor)).first()
    if board is None:
        raise NotFound()
    fields: dict[str, object] = {}
    if not 1 <= len(title.strip()) <= 80:
        fields["title"] = _("Give the board a name of 1 to 80 letters.")
    if len(about.strip()) > 300:
        fields["about"] = _("At most 300 letters.")
    if fields:
        raise Invalid(fields=fields)
    board.title, board.about = title.strip(), about.strip()
    board.visibility = ONLY_ME if private else PUBLIC
    board.save(update_fields=["title", "about", "visibility"])
    return board


def delete_board(*, actor: Actor, board_id: int) -> None:
    """Take one's own board away; the posts on it stay where they are. Repeatable."""
    board = Board.objects.filter(pk=board_id, owner_id=_member(actor)).first()
    if board is None:
        return
    with transaction.atomic():
        for post_id in board.entries.values_list("post_id", flat=True):
            counts.count("saves", post_id, -1)
        board.delete()
