"""Everybody can walk everywhere: every page is reached by links from `/`, whole and translated."""

from __future__ import annotations

from typing import Any

import pytest

from banyan.ops.demo import story
from banyan.people.models import Account
from tests.support.crawler import Crawler, route_names


@pytest.fixture
def demo(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo, told by the same actions, smaller."""
    settings.DEMO = True
    monkeypatch.setattr(story, "PRODUCTS_PER_SHOP", 2)
    monkeypatch.setattr(story, "POSTS", 40)
    monkeypatch.setattr(story, "ORDERS", 40)
    story.Story(lambda text: None).tell_all()


def test_try(demo: None) -> None:
    import time

    walks = {}
    for who in ("", "ana", "mio", "demo_desk"):
        t = time.time()
        account = Account.objects.get(handle=who) if who else None
        walks[who] = Crawler(account).run()
        print(
            "ROLE", who or "guest", len(walks[who].pages), len(walks[who].routes), time.time() - t
        )
        for f in walks[who].faults:
            print("   ", f)
    met = set().union(*(w.routes for w in walks.values()))
    print("MISSING", sorted(route_names() - met))
    assert 0
