"""Lists of posts, and posts ready to draw; statements do not grow with the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, JSONObject

from banyan.catalog.access import visible_products
from banyan.catalog.models import Product, Variant
from banyan.kernel import counters
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.kernel.remembered import remembered
from banyan.media.queries import Files, files_of

from .. import rules
from ..access import PUBLIC, visible_posts
from ..counts import COUNTED
from ..models import BoardPost, Like, Post, PostImage, PostStat, ProductTag
from ..models.boards import PLACE
from .disclosure import reason_of, with_disclosure

PAGE = 20
# A product page shows so many posts about it, out of so many of the newest tags.
BEST_ABOUT, NEWEST_ABOUT = 8, 60

END = 2**63 - 1


@dataclass(slots=True)
class Spot:
    """A product tag on a picture; ``x`` and ``y`` in thousandths."""

    picture: int
    x: int
    y: int
    product: Product
    price: Money | None


@dataclass(slots=True)
class Shown:
    """A post with everything a card or a page draws. A repin shows its original's content.

    ``face`` is the address of its author's small picture, or empty.
    ``reason``: why it is commercial (``rules.Reason``), from the facts of this moment.
    """

    post: Post
    content: Post
    images: list[Any] = field(default_factory=list)
    face: str = ""
    spots: list[Spot] = field(default_factory=list)
    likes: int = 0
    comments: int = 0
    saves: int = 0
    repins: int = 0
    liked: bool = False
    reason: rules.Reason = ""


def newest_ids(viewer: Actor, *, before: int = END, page: int = PAGE) -> list[int]:
    """Return public posts the viewer may see, newest first; repins are left to the followers."""
    posts = visible_posts(viewer).filter(visibility=0, repin_of=None, pk__lt=before)
    return list(posts.order_by("-id").values_list("id", flat=True)[:page])


def posts_of(viewer: Actor, author_id: int, *, before: int = END, page: int = PAGE) -> list[int]:
    """Return an author's posts that the viewer may see."""
    posts = visible_posts(viewer).filter(author_id=author_id, pk__lt=before)
    return list(posts.order_by("-id").values_list("id", flat=True)[:page])


def board_ids(viewer: Actor, board_id: int) -> list[int]:
    """Return the posts of a board that the viewer may see, in its order."""
    entries = BoardPost.objects.filter(board_id=board_id, post__in=visible_posts(viewer))
    entries = entries.annotate(at=PLACE).order_by("-at", "-id")
    return list(entries.values_list("post_id", flat=True)[:200])


def first_pictures(post_ids: Iterable[int]) -> dict[int, int]:
    """Return the image id of each post's first picture. One statement."""
    images = PostImage.objects.filter(post_id__in=set(post_ids)).order_by("post_id", "position")
    return dict(images.distinct("post_id").values_list("post_id", "image_id"))


def about_product(viewer: Actor, product_id: int, *, before: int = END) -> list[int]:
    """Return public posts that show a product, newest first."""
    tags = ProductTag.objects.filter(post_image__post_id=OuterRef("pk"), product_id=product_id)
    posts = visible_posts(viewer).filter(
        Exists(tags), visibility=PUBLIC, repin_of=None, pk__lt=before
    )
    return list(posts.order_by("-id").values_list("id", flat=True)[:PAGE])


def best_about(viewer: Actor, product_id: int) -> list[Post]:
    """Return the most liked of the newest public posts that show a product, ready for a card.

    Two statements for any number, a small one for goods that nobody has shown. They have
    ``author``, ``link`` and ``poststat``, the id of the first picture as ``cover``, how many
    pictures there are as ``count``, and ``is_liked``.
    """
    if not _shown_at_all(product_id):
        return []
    if viewer.id is None:
        return _about_for_everybody(product_id)
    return _about_for_member(viewer.id, product_id)


@remembered
def _shown_at_all(product_id: int) -> QuerySet[ProductTag]:
    return ProductTag.objects.filter(product_id=product_id)[:1]


@remembered
def _about_for_everybody(product_id: int) -> QuerySet[Post]:
    return _about(Actor.guest(), product_id).annotate(is_liked=Value(False))


@remembered
def _about_for_member(viewer_id: int, product_id: int) -> QuerySet[Post]:
    mine = Like.objects.filter(post_id=OuterRef("pk"), account_id=viewer_id)
    member = Actor(kind="member", id=viewer_id)
    return _about(member, product_id).annotate(is_liked=Exists(mine))


def _about(viewer: Actor, product_id: int) -> QuerySet[Post]:
    newest = ProductTag.objects.filter(product_id=product_id).order_by("-id")
    pictures_of = PostImage.objects.filter(post_id=OuterRef("pk"))
    count = pictures_of.order_by().values("post_id").annotate(all=Count("id"))
    return (
        with_disclosure(visible_posts(viewer))
        .filter(pk__in=newest.values("post_image__post_id")[:NEWEST_ABOUT])
        .filter(visibility=PUBLIC, repin_of=None)
        .select_related("author", "link", "poststat")
        .annotate(
            cover=Subquery(pictures_of.order_by("position").values("image_id")[:1]),
            count=Subquery(count.values("all")),
        )
        .order_by(F("poststat__likes").desc(nulls_last=True), "-id")[:BEST_ABOUT]
    )


Reasons = Mapping[int, rules.Reason]


def hydrate(viewer: Actor, ids: Sequence[int], *, reasons: Reasons | None = None) -> list[Shown]:
    """Return posts ready to draw, in the order of ``ids``; three statements for any number.

    ``reasons`` are why they are commercial, from ``balanced``, where that was asked already.
    """
    return hydrate_with_files(viewer, ids, reasons=reasons)[0]


def hydrate_with_files(
    viewer: Actor,
    ids: Sequence[int],
    *,
    reasons: Reasons | None = None,
    image_ids: Iterable[int | None] = (),
) -> tuple[list[Shown], Files]:
    """Do what :func:`hydrate` does; return the files of further pictures of the page as well."""
    read = _rows if reasons is None else _judged_rows
    posts = {post.pk: post for post in read(viewer.id or 0, list(ids))}
    images = {
        post.repin_of_id or post.pk: [PostImage(**one) for one in post.found]  # type: ignore[attr-defined]  # annotated
        for post in posts.values()
    }
    wanted = [row.image_id for group in images.values() for row in group]
    faces = (post.author.avatar_id for post in posts.values())
    files = files_of([*wanted, *faces, *image_ids])
    shown = {pk: picture for pk in wanted if (picture := files.picture(pk)) is not None}
    spots = _spots(images)
    counted = _figures(posts)
    result = []
    for post_id in ids:
        post = posts.get(post_id)
        if post is None:
            continue
        content = post.repin_of or post
        result.append(
            Shown(
                post=post,
                content=content,
                face=files.thumb(post.author.avatar_id),
                images=[
                    shown[r.image_id] | {"focus": (r.focus_x, r.focus_y)}
                    for r in images.get(content.pk, [])
                    if r.image_id in shown
                ],
                spots=spots.get(content.pk, []),
                likes=counted[post_id].likes,
                comments=counted[post_id].comments,
                saves=counted[post_id].saves,
                repins=counted[post_id].repins,
                liked=post.is_liked,  # type: ignore[attr-defined]  # annotated
                reason=reason_of(post) if reasons is None else reasons.get(post_id, ""),
            )
        )
    return result, files


@remembered
def _rows(viewer_id: int, ids: list[int]) -> QuerySet[Post]:
    return with_disclosure(_drawn(viewer_id, ids))


@remembered
def _judged_rows(viewer_id: int, ids: list[int]) -> QuerySet[Post]:
    return _drawn(viewer_id, ids)


def _drawn(viewer_id: int, ids: list[int]) -> QuerySet[Post]:
    mine = Like.objects.filter(post_id=OuterRef("pk"), account_id=viewer_id)
    return (
        Post.objects.filter(pk__in=ids)
        .select_related(
            "author__avatar",
            "link",
            "video",
            "repin_of__author__avatar",
            "repin_of__video",
            "poststat",
        )
        .annotate(
            is_liked=Exists(mine),
            found=_images(),
            waiting=counters.waiting(kinds=COUNTED.values(), subject_ids=ids),
        )
    )


def _images() -> ArraySubquery:
    """Return the pictures of a post, or of the post that it shows on, in order: as JSON objects."""
    of_content = PostImage.objects.filter(
        post_id=Coalesce(OuterRef("repin_of_id"), OuterRef("pk"))
    ).order_by("position")
    columns = ("id", "post_id", "image_id", "position", "focus_x", "focus_y")
    return ArraySubquery(of_content.values(one=JSONObject(**{name: name for name in columns})))


@dataclass(slots=True)
class Figures:
    """How often a post was liked, commented, saved and shown on."""

    likes: int = 0
    comments: int = 0
    saves: int = 0
    repins: int = 0


def _figures(posts: Mapping[int, Post]) -> dict[int, Figures]:
    """Return the folded figures of posts, plus what was not folded yet.

    The second part is some seconds' changes, and lets everybody see their own act at once.
    """
    found = {pk: _folded(post) for pk, post in posts.items()}
    first: Any = next(iter(posts.values()), None)
    waiting = first.waiting if first else []
    for kind, post_id, delta in waiting:
        name = kind.removeprefix("post.")
        setattr(found[post_id], name, max(0, getattr(found[post_id], name) + delta))
    return found


def _folded(post: Post) -> Figures:
    stat: PostStat | None = getattr(post, "poststat", None)
    if stat is None:
        return Figures()
    return Figures(stat.likes, stat.comments, stat.saves, stat.repins)


def _spots(images: dict[int, list[PostImage]]) -> dict[int, list[Spot]]:
    places = {row.pk: (post_id, row.position) for post_id, group in images.items() for row in group}
    found: dict[int, list[Spot]] = {}
    for tag in _tags(list(images)):
        if tag.post_image_id not in places:
            continue
        post_id, picture = places[tag.post_image_id]
        found.setdefault(post_id, []).append(
            Spot(
                picture,
                tag.x,
                tag.y,
                tag.product,
                Money(tag.amount, tag.currency) if tag.currency else None,  # type: ignore[attr-defined]  # annotated
            )
        )
    return found


@remembered
def _tags(post_ids: list[int]) -> QuerySet[ProductTag]:
    cheapest = Variant.objects.filter(product_id=OuterRef("product_id"), is_active=True)
    cheapest = cheapest.order_by("price_amount", "id")
    return (
        ProductTag.objects.filter(post_image__post_id__in=post_ids, product__in=visible_products())
        .select_related("product__shop")
        .annotate(
            amount=Subquery(cheapest.values("price_amount")[:1]),
            currency=Subquery(cheapest.values("currency")[:1]),
        )
        .order_by("id")
    )


def posts_showing(shop_id: int) -> list[int]:
    """Return the posts that show something of a shop, with the repins of them. Two queries."""
    tagged = ProductTag.objects.filter(product__shop_id=shop_id)
    originals = list(tagged.values_list("post_image__post_id", flat=True).distinct())
    repins = Post.objects.filter(repin_of_id__in=originals).values_list("id", flat=True)
    return [*originals, *repins]
