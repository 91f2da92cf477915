"""Pages of feeds take at most eight statements, session and reader apart, at any length."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from banyan.catalog.models import Category, Product, Shop
from banyan.community.models import (
    FeedSession,
    Post,
    PostImage,
    PostTopic,
    ProductTag,
    Topic,
    TopicHeat,
)
from banyan.groups.models import Group, Membership, Pick
from banyan.kernel import clock
from banyan.people import actions as people
from banyan.people.models import Account, Follow, Profile
from tests.support import factories as make
from tests.web.studio.scene import client
from tests.web.test_statements import asked_by, goods, picture

pytestmark = pytest.mark.django_db

MOST = 8
SIZES = (1, 24, 100)


class Place:
    """A member whose every feed holds the same posts: of friends nearby, in one group and topic."""

    def __init__(self) -> None:
        self.now, self.picture = clock.now(), picture()
        self.reader = make.member()
        Profile.objects.update_or_create(account=self.reader, defaults={"region": "DE"})
        self.group = Group.objects.create(
            slug="tea", name="Tea", cover=self.picture, created_at=self.now
        )
        self._join(self.reader)
        self.topic = Topic.objects.create(slug="tea", name="tea", created_at=self.now)
        TopicHeat.objects.create(
            topic=self.topic, people=3, new=1, posts=3, score=9, counted_at=self.now
        )
        self.on_list = people.make_list(actor=make.actor(self.reader), name="Some")
        self.product = self._market()
        self.count = 0

    def _market(self) -> Product:
        """Goods with pictures of a shop with a logo, in a category."""
        shop = make.shop()
        Shop.objects.update(logo=self.picture)
        tea = Category.objects.create(slug="tea", names={"en": "Tea"})
        variants = goods(shop, 15)
        Product.objects.update(category=tea)
        return variants[0].product

    def _join(self, account: Account) -> None:
        Membership.objects.create(group=self.group, account=account, created_at=self.now)

    def grow(self, size: int) -> None:
        """Have as many posts of either kind: for all, every third paid, and for friends alone."""
        for number in range(self.count, size):
            self._befriend(author := make.member())
            declared = "" if number % 3 else "paid"
            post = self._post(author, visibility=0, group=self.group, declared=declared)
            PostTopic.objects.create(post=post, topic=self.topic)
            if number < 3:
                Pick.objects.create(
                    group=self.group,
                    post_id=post.pk,
                    slot=number + 1,
                    by=author,
                    created_at=self.now,
                )
            self._post(author, visibility=2)
        self.count = size

    def _befriend(self, author: Account) -> None:
        Account.objects.filter(pk=author.pk).update(avatar=self.picture)
        Profile.objects.update_or_create(account=author, defaults={"region": "DE"})
        pairs = ((author, self.reader), (self.reader, author))
        Follow.objects.bulk_create(
            Follow(follower=one, followee=other, is_mutual=True, created_at=self.now)
            for one, other in pairs
        )
        people.add_to_list(
            actor=make.actor(self.reader), list_id=self.on_list.pk, account_id=author.pk
        )

    def _post(self, author: Account, **values: object) -> Post:
        post = Post.objects.create(
            author=author, title="Look", region="DE", created_at=self.now, **values
        )
        shown = PostImage.objects.create(post=post, image=self.picture, position=0)
        ProductTag.objects.create(post_image=shown, product=self.product, x=500, y=500)
        return post


def test_a_page_of_a_feed_takes_at_most_eight_statements_at_any_length() -> None:
    place = Place()
    reader, visitor = client(place.reader), Client()
    taken: dict[str, dict[int, list[str]]] = {}
    cards: dict[str, int] = {}
    for size in SIZES:
        place.grow(size)
        reader.get("/explore")
        session = FeedSession.objects.filter(viewer=place.reader).latest("id")
        pages = {
            "following": (reader, "/"),
            "explore": (reader, "/explore"),
            "explore, further": (reader, f"/explore?after={session.pk}:0"),
            "explore, a visitor": (visitor, "/explore"),
            "group": (reader, "/g/tea"),
            "group, a visitor": (visitor, "/g/tea"),
            "nearby": (reader, "/near"),
            "topic": (reader, "/t/tea"),
            "topic, liked most": (reader, "/t/tea?order=best"),
            "list": (reader, f"/me/lists/{place.on_list.pk}/posts"),
            "moments": (reader, "/moments"),
        }
        for name, (browser, path) in pages.items():
            browser.get(path)  # the first time fills caches of the process
            asked, answer = asked_by(lambda b=browser, p=path: b.get(p))  # type: ignore[misc]
            page = answer.content.decode()
            assert answer.status_code == 200, name
            taken.setdefault(name, {})[size] = asked
            cards[name] = len(set(re.findall(r'href="/p/(\d+)', page)))
    for name, by_size in taken.items():
        counts = {size: len(asked) for size, asked in by_size.items()}
        assert max(counts.values()) <= MOST, (name, counts, [sql[:90] for sql in by_size[100]])
    assert min(cards.values()) > 10, cards
