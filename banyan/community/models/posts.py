"""Posts with pictures and product tags."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q

from banyan.catalog.models import Product
from banyan.groups.models import Group
from banyan.kernel.ids import IdField
from banyan.market.models import Listing
from banyan.media.models import Image, Video
from banyan.people.models import Account
from banyan.sharing.models import Link
from banyan.standing.models import Review


class Post(models.Model):
    """A post, or a repin of one (``repin_of``): a repin shows the original and keeps the chain.

    ``link`` is the author's share link of this post; a repin's link is a child of the link it
    was repinned from. ``kind``: note, review, question, listing, moment. ``visibility``: 0 public,
    1 followers, 2 friends, 3 only me, 4 the members of ``group``; a public post may stand in a
    group too. ``state``: 1 live, 2 hidden by moderation, 3 waiting for a moderator of its group.
    ``region`` is where its author said to be when a public post was published, or empty.
    ``declared``: what its author says of it: paid for, or about a gift. ``review`` is the verified
    review that it shows, ``listing`` what its author offers; ``accepted`` the comment that answers
    a question, ``pinned`` the one that its author put first.
    """

    id = IdField(primary_key=True)
    author = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="posts")
    title = models.CharField(max_length=120, blank=True, default="")
    body = models.TextField(blank=True, default="")
    language = models.CharField(max_length=8, blank=True, default="")
    kind = models.CharField(max_length=8, default="note", db_default="note")
    visibility = models.SmallIntegerField(default=0)
    state = models.SmallIntegerField(default=1)
    group = models.ForeignKey(
        Group, null=True, db_index=False, on_delete=models.PROTECT, related_name="posts"
    )
    region = models.CharField(max_length=12, blank=True, default="", db_default="")
    repin_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="repins")
    link = models.ForeignKey(Link, null=True, on_delete=models.PROTECT, related_name="+")
    declared = models.CharField(max_length=5, blank=True, default="", db_default="")
    review = models.ForeignKey(
        Review, null=True, db_index=False, on_delete=models.PROTECT, related_name="posts"
    )
    listing = models.ForeignKey(
        Listing, null=True, db_index=False, on_delete=models.PROTECT, related_name="posts"
    )
    video = models.ForeignKey(
        Video, null=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    preview = models.ForeignKey(
        "community.LinkPreview",
        null=True,
        db_index=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    accepted = models.ForeignKey(
        "community.Comment", null=True, db_index=False, on_delete=models.SET_NULL, related_name="+"
    )
    pinned = models.ForeignKey(
        "community.Comment", null=True, db_index=False, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "community_post"
        indexes = [
            models.Index(
                fields=["author", "-id"],
                name="post_author_feed",
                condition=Q(deleted_at=None, state=1),
                include=["visibility", "repin_of", "group"],
            ),
            models.Index(
                fields=["-id"],
                name="post_public",
                condition=Q(deleted_at=None, state=1, visibility=0),
            ),
            models.Index(
                fields=["group", "-id"],
                name="post_group_live",
                condition=Q(deleted_at=None, state=1, group__isnull=False),
            ),
            models.Index(
                fields=["region", "-id"],
                name="post_region_live",
                condition=Q(deleted_at=None, state=1, visibility=0) & ~Q(region=""),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(visibility=4) | Q(group__isnull=False), name="post_group_audience"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["note", "review", "question", "listing", "moment"]),
                name="post_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(declared__in=["", "paid", "gift"]), name="post_declared_known"
            ),
            models.UniqueConstraint(
                fields=["author", "repin_of"],
                condition=Q(repin_of__isnull=False, deleted_at=None),
                name="post_repin_once",
            ),
            models.UniqueConstraint(
                fields=["review"],
                condition=Q(review__isnull=False, deleted_at=None),
                name="post_review_once",
            ),
        ]


class PostWords(models.Model):
    """The search words of a post (``kernel.search``): its own texts; a repin has none.

    ``boost``: by how many days it stands above what is as new, for being liked.
    """

    post = models.OneToOneField(
        Post, primary_key=True, on_delete=models.CASCADE, related_name="words"
    )
    words = SearchVectorField()
    boost = models.SmallIntegerField(default=0, db_default=0)

    class Meta:
        db_table = "community_postwords"
        indexes = [GinIndex(fields=["words"], name="post_words")]


class PostImage(models.Model):
    """A picture of a post, 9 of them at most, in order.

    ``focus_x``, ``focus_y``: what must stay in sight where it is cut, in thousandths.
    """

    id = IdField(primary_key=True)
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="images")
    image = models.ForeignKey(Image, on_delete=models.PROTECT)
    position = models.SmallIntegerField()
    focus_x = models.SmallIntegerField(default=500, db_default=500)
    focus_y = models.SmallIntegerField(default=500, db_default=500)

    class Meta:
        db_table = "community_postimage"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["post", "position"], name="post_image_position"),
            models.CheckConstraint(
                condition=Q(position__gte=0) & Q(position__lte=8), name="post_nine_images"
            ),
            models.CheckConstraint(
                condition=Q(focus_x__gte=0, focus_x__lte=1000, focus_y__gte=0, focus_y__lte=1000),
                name="post_image_focus",
            ),
        ]


class ProductTag(models.Model):
    """A product placed on a picture at ``x``, ``y`` in thousandths of its width and height."""

    id = IdField(primary_key=True)
    post_image = models.ForeignKey(PostImage, on_delete=models.CASCADE, related_name="tags")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    x = models.SmallIntegerField()
    y = models.SmallIntegerField()

    class Meta:
        db_table = "community_producttag"
        constraints = [
            models.CheckConstraint(
                condition=Q(x__gte=0, x__lte=1000, y__gte=0, y__lte=1000), name="tag_on_picture"
            ),
            models.UniqueConstraint(fields=["post_image", "product"], name="tag_once"),
        ]
