"""Row 47: a feed full of advertising, scrolled to its end, never shows more of it than allowed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from banyan.people import actions as people
from banyan.people.models import Account
from tests.acceptance.feeds import scroll
from tests.community.posts import post
from tests.support import factories as make
from tests.support.database import wipe


@pytest.fixture(scope="module")
def town(django_db_setup: None, django_db_blocker: Any) -> Iterator[Account]:
    """A reader of 24 authors who wrote 216 posts, two of three paid; committed, for all tests."""
    with django_db_blocker.unblock():
        wipe()
        try:
            reader = make.member("reader")
            authors = [make.member() for _ in range(24)]
            for author in authors:
                people.follow(actor=make.actor(reader), account_id=author.pk)
            for n in range(216):
                declared = "paid" if n % 3 else ""
                title = f"Ad {n}" if declared else f"Note {n}"
                post(authors[n % 24], title=title, declared=declared)
            yield reader
        finally:
            wipe()


@pytest.mark.parametrize("start", ["/", "/explore"])
@pytest.mark.parametrize(("choice", "cap"), [("none", 0), ("fewer", 2), ("usual", 10)])
def test_row_47_no_twenty_cards_hold_more_than_the_cap(
    town: Account, db: None, start: str, choice: str, cap: int
) -> None:
    browser = Client()
    browser.force_login(town)
    assert browser.post("/me/balance", {"paid": choice}).status_code == 302
    seen = scroll(browser, start)
    assert len(seen) >= 72  # the honest ones
    assert len(seen) == len(set(seen)), "nothing twice"
    for at in range(0, len(seen), 20):
        page = seen[at : at + 20]
        assert len([one for one in page if one.startswith("Ad")]) <= cap
    notes = [int(one.split()[1]) for one in seen if one.startswith("Note")]
    whole = list(range(213, min(notes) - 1, -3)) if start == "/" else list(range(213, -1, -3))
    assert sorted(notes, reverse=True) == whole, "no honest note is lost on the way"
    assert cap == 0 or any(one.startswith("Ad") for one in seen)
