"""A product page gathers the posts about it: public ones, the most liked first, one statement."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from banyan.catalog.models import Product
from banyan.community import actions as community
from banyan.community import counts
from banyan.community.models import Post
from banyan.media.actions import intake
from banyan.people import actions as people
from banyan.people.models import Account
from tests.media.samples import jpeg
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def tagged(author: Account, product: Product, title: str, **values: Any) -> Post:
    who = make.actor(author)
    image = intake(actor=who, data=jpeg(300, 200, 3))
    tag = community.Tag(picture=0, product_id=product.pk, x=500, y=500)
    return community.publish_post(actor=who, images=[image], title=title, tags=[tag], **values)


def product_page(product: Product, account: Account | None = None, *, of: str = "product") -> str:
    browser = Client()
    if account is not None:
        browser.force_login(account)
    answer = browser.get(reverse(of, args=[product.shop.slug, product.slug]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_public_posts_about_a_product_stand_on_its_page_the_most_liked_first() -> None:
    item, other = make.product(), make.product()
    author, friend = make.member(), make.member()
    liked = tagged(author, item, "Liked post")
    tagged(author, item, "Newer post")
    tagged(author, item, "Hidden post", visibility=3)
    tagged(author, other, "Other goods")
    community.like(actor=make.actor(friend), post_id=liked.pk)
    counts.fold()
    text = product_page(item)
    assert "Posts about it" in text
    assert text.index("Liked post") < text.index("Newer post")
    assert "Hidden post" not in text
    assert "Other goods" not in text
    assert f'href="{reverse("product_posts", args=[item.shop.slug, item.slug])}"' in text
    everything = product_page(item, of="product_posts")
    assert everything.index("Newer post") < everything.index("Liked post"), "newest first"
    assert "Hidden post" not in everything


def test_without_posts_there_is_no_empty_section() -> None:
    item = make.product()
    assert "Posts about it" not in product_page(item)
    assert "Nobody has posted about it yet." in product_page(item, of="product_posts")


def test_whoever_is_blocked_is_not_there() -> None:
    item = make.product()
    author, reader = make.member(), make.member()
    tagged(author, item, "My teapot")
    assert "My teapot" in product_page(item, reader)
    people.block(actor=make.actor(author), account_id=reader.pk)
    for of in ("product", "product_posts"):
        assert "My teapot" not in product_page(item, reader, of=of)


def test_the_posts_cost_the_same_for_any_number_and_a_small_question_for_none() -> None:
    item = make.product()
    author = make.member()

    def count() -> int:
        product_page(item)
        with CaptureQueriesContext(connection) as seen:
            product_page(item)
        return len(seen)

    none = count()
    tagged(author, item, "First")
    one = count()
    for number in range(12):
        tagged(author, item, f"Post {number}")
    # The posts, and the pictures on a page that has none of its own.
    assert (count(), one) == (none + 2, none + 2)
    assert none <= 6, "what runs for the goods is asked, too"


def test_a_product_that_is_not_there_has_no_posts_page() -> None:
    item = make.product()
    assert Client().get(reverse("product_posts", args=[item.shop.slug, "none"])).status_code == 404
    for before in ("x", "0", "9" * 30):
        path = reverse("product_posts", args=[item.shop.slug, item.slug])
        assert Client().get(path, {"before": before}).status_code == 200
