"""The demo is made by public actions, and its books add up."""

from __future__ import annotations

import pytest

from banyan.community.models import Post
from banyan.ledger.proof import verify
from banyan.ops.demo import story
from banyan.orders.models import Order
from banyan.people.models import Account


@pytest.mark.django_db
def test_a_small_demo_is_told_and_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story, "PRODUCTS_PER_SHOP", 2)
    monkeypatch.setattr(story, "POSTS", 12)
    monkeypatch.setattr(story, "ORDERS", 36)

    story.Story(lambda text: None).tell_all()

    assert Account.objects.filter(is_demo=True).count() == 41
    assert Post.objects.count() >= 9
    assert Order.objects.filter(state="expired").exists()
    assert Order.objects.filter(refunded_amount__gt=0).exists()
    assert verify().clean
