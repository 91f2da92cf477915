"""The demo is made by public actions, and its books add up."""

from __future__ import annotations

from typing import Any, TypeVar

import pytest

from banyan.community.models import Comment, Post
from banyan.earnings.models import Commission
from banyan.ledger.proof import verify
from banyan.ops.demo import cast, story, travels
from banyan.ops.demo.pictures import Drawing, Studio, all_drawings
from banyan.orders.models import Order
from banyan.payments.models import Intent
from banyan.people.models import Account
from banyan.sharing.models import Link

T = TypeVar("T")


class Recording(Studio):
    """Draws, and remembers in which order it was asked."""

    def __init__(self) -> None:
        self.taken: list[Drawing[Any]] = []

    def take(self, drawing: Drawing[T]) -> T:
        self.taken.append(drawing)
        return super().take(drawing)


@pytest.mark.django_db
def test_a_small_demo_is_told_and_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cast, "PRODUCTS_PER_SHOP", 2)
    monkeypatch.setattr(story, "POSTS", 12)
    monkeypatch.setattr(story, "ORDERS", 36)
    monkeypatch.setattr(travels, "SHARED_ON", (4, 1))

    studio = Recording()
    story.Story(lambda text: None, studio).tell_all()

    assert Account.objects.filter(is_demo=True).count() == 42
    assert Post.objects.count() >= 9
    assert Order.objects.filter(state="expired").exists()
    assert Order.objects.filter(refunded_amount__gt=0).exists()
    assert Commission.objects.filter(state="rejected", reason="own_shop").exists()
    assert Intent.objects.filter(state="captured_unplaced").exists()
    assert Comment.objects.filter(body=cast.COMPLAINT[2]).exists()
    assert Link.objects.filter(root__owner__handle="ana").count() >= 3
    assert verify().clean
    assert studio.taken == list(all_drawings())
