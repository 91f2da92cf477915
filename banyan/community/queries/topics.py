"""Topics: their pages, what is hot, who follows them."""

from __future__ import annotations

from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from banyan.catalog.access import visible_products
from banyan.catalog.models import Product
from banyan.catalog.queries import with_card
from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound

from .. import rules
from ..access import PUBLIC, visible_posts
from ..models import FeedChoice, Post, PostTopic, ProductTag, Topic, TopicFollow, TopicHeat
from .posts import END, PAGE

NEWEST = 200
MOST_GOODS = 12
FEWEST_PEOPLE = 2


def topic_of(slug: str) -> Topic:
    """Return a topic by any spelling of it; NotFound for one that nobody uses or may use."""
    topic = Topic.objects.filter(slug=rules.topic_slug(slug), is_usable=True).first()
    if topic is None:
        raise NotFound()
    return topic


def topic_for(viewer: Actor, slug: str) -> Topic:
    """Return a topic as :func:`topic_of` does, with what its page says beside it.

    ``heat`` is read, where it has one; ``is_followed`` and ``paid_choice`` are the reader's.
    """
    mine = TopicFollow.objects.filter(topic_id=OuterRef("pk"), account_id=viewer.id or 0)
    choice = FeedChoice.objects.filter(pk=viewer.id or 0).values("paid")
    topics = Topic.objects.select_related("heat").annotate(
        is_followed=Exists(mine), paid_choice=Coalesce(Subquery(choice), Value("usual"))
    )
    topic = topics.filter(slug=rules.topic_slug(slug), is_usable=True).first()
    if topic is None:
        raise NotFound()
    return topic


def _about(viewer: Actor, topic_id: int) -> QuerySet[Post]:
    named = PostTopic.objects.filter(post_id=OuterRef("pk"), topic_id=topic_id)
    return visible_posts(viewer).filter(Exists(named), visibility=PUBLIC)


def topic_ids(viewer: Actor, topic_id: int, *, before: int = END, page: int = PAGE) -> list[int]:
    """Return public posts about a topic, newest first."""
    posts = _about(viewer, topic_id).filter(pk__lt=before)
    return list(posts.order_by("-id").values_list("id", flat=True)[:page])


def best_of_topic(viewer: Actor, topic_id: int, *, page: int = PAGE) -> list[int]:
    """Return the most liked of the newest public posts about a topic."""
    newest = PostTopic.objects.filter(topic_id=topic_id).order_by("-post_id")
    posts = _about(viewer, topic_id).filter(pk__in=newest.values("post_id")[:NEWEST])
    posts = posts.order_by(F("poststat__likes").desc(nulls_last=True), "-id")
    return list(posts.values_list("id", flat=True)[:page])


def topic_goods(viewer: Actor, topic_id: int) -> list[Product]:
    """Return goods on sale that the newest public posts about a topic show.

    What most different people show comes first; with what their cards draw. Two statements.
    """
    newest = PostTopic.objects.filter(topic_id=topic_id).order_by("-post_id")
    posts = _about(viewer, topic_id).filter(pk__in=newest.values("post_id")[:NEWEST])
    tags = ProductTag.objects.filter(post_image__post__in=posts, product__in=visible_products())
    counted = (
        tags.values("product_id")
        .annotate(people=Count("post_image__post__author_id", distinct=True))
        .order_by("-people", "-product_id")
    )
    ids = [row["product_id"] for row in counted[:MOST_GOODS]]
    found = with_card(visible_products().select_related("shop")).in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def hot_topics(*, most: int = 20) -> list[TopicHeat]:
    """Return what most different people talk about, with the numbers why; at least two people."""
    heat = TopicHeat.objects.select_related("topic").filter(
        people__gte=FEWEST_PEOPLE,
        topic__is_usable=True,
        topic__is_listable=True,
        topic__is_trendable=True,
    )
    return list(heat.order_by("-score", "-topic_id")[:most])


def followed_topics(viewer: Actor) -> list[Topic]:
    """Return the topics that a member follows, by name."""
    if viewer.id is None:
        return []
    return list(
        Topic.objects.filter(follows__account_id=viewer.id, is_usable=True).order_by("name")
    )


def follows_topic(viewer: Actor, topic_id: int) -> bool:
    """Tell whether a member follows a topic."""
    mine = TopicFollow.objects.filter(topic_id=topic_id, account_id=viewer.id or 0)
    return mine.exists()
