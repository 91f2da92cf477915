"""Why a post is commercial: from facts when it is read, for originals and repins; and the cap."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from banyan.catalog.models import Product
from banyan.community import actions as community
from banyan.community import queries, rules
from banyan.community.models import Post
from banyan.earnings.actions import set_plan
from banyan.kernel.actors import Actor
from banyan.people.models import Account
from banyan.sharing import actions as sharing
from tests.community.posts import image, post
from tests.support import factories as make


def plan(product: Product, *, rate: int = 1_000, own: bool = False) -> None:
    set_plan(
        actor=make.actor(product.shop.owner),
        shop_id=product.shop_id,
        product_id=product.pk if own else None,
        rate_bps=rate,
        levels=1,
        direct_bps=10_000,
    )


def note(author: Account, product: Product | None = None, **values: Any) -> Post:
    tags = [community.Tag(0, product.pk, 500, 500)] if product else []
    return post(author, tags=tags, title="A note", **values)


def reason(made: Post) -> str:
    return queries.reasons([made.pk])[made.pk]


@pytest.mark.django_db
def test_a_commission_that_comes_later_labels_what_was_written_before_and_its_repins() -> None:
    ana, ben = make.member(), make.member()
    product = make.product()
    made = note(ana, product)
    shown_on = community.repin(actor=make.actor(ben), post_id=made.pk)
    assert (reason(made), reason(shown_on)) == ("", "")
    plan(product)
    assert (reason(made), reason(shown_on)) == ("earns", "earns")
    plan(product, rate=0, own=True)
    assert (reason(made), reason(shown_on)) == ("", ""), "its own plan goes before the shop's"


@pytest.mark.django_db
def test_nobody_earns_without_a_link_and_a_revoked_one_earns_nothing() -> None:
    ana = make.member()
    product = make.product()
    plan(product)
    quiet, loud = note(ana, product, visibility=1), note(ana, product)
    assert (reason(quiet), reason(loud)) == ("", "earns")
    assert loud.link is not None
    sharing.revoke(actor=make.actor(ana), link_id=loud.link.pk)
    assert reason(loud) == ""


@pytest.mark.django_db
def test_what_its_author_says_and_sells_counts_too() -> None:
    ana = make.member()
    product = make.product()
    assert reason(note(ana, declared="paid")) == "paid"
    gift = note(ana, declared="gift")
    assert reason(gift) == "gift"
    assert reason(community.repin(actor=make.actor(make.member()), post_id=gift.pk)) == "gift"
    assert reason(note(product.shop.owner, product)) == "sells"
    assert reason(note(ana, product)) == ""


@pytest.mark.django_db
def test_cards_say_it_for_the_same_number_of_statements() -> None:
    ana = make.member()
    product = make.product()
    ids = [note(ana, product).pk for _ in range(12)]
    counts = []
    for some in (ids[:1], ids):
        with CaptureQueriesContext(connection) as seen:
            queries.hydrate(Actor.guest(), some)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 5
    plan(product)
    assert {one.reason for one in queries.hydrate(Actor.guest(), ids)} == {"earns"}
    [card] = {queries.reason_of(one) for one in queries.best_about(Actor.guest(), product.pk)}
    assert card == "earns"


@given(
    paid=st.lists(st.booleans(), max_size=150),
    before=st.lists(st.booleans(), max_size=30),
    cap=st.integers(0, 20),
)
def test_no_window_of_twenty_holds_more_than_the_cap(
    paid: list[bool], before: list[bool], cap: int
) -> None:
    # What came before is taken as it was, so only a start within the cap can be asked to hold.
    before = rules.balance(before, is_paid=bool, cap=cap)
    cards = list(enumerate(paid))
    kept = rules.balance(cards, is_paid=lambda card: card[1], cap=cap, before=before)
    shown = [*before, *(flag for _place, flag in kept)]
    assert all(sum(shown[at : at + rules.WINDOW]) <= cap for at in range(len(shown)))
    assert [card for card in kept if not card[1]] == [card for card in cards if not card[1]]
    assert kept == sorted(kept)
    assert cap < rules.WINDOW or kept == cards


@given(platform=st.integers(0, 20))
def test_nobody_is_shown_more_than_the_platform_allows(platform: int) -> None:
    caps = [rules.cap_of(choice, platform) for choice in ("usual", "fewer", "none")]
    assert caps[0] == platform
    assert caps == sorted(caps, reverse=True)
    assert caps[2] == 0


@pytest.mark.django_db
def test_what_is_too_much_is_left_out_and_each_post_is_judged_once() -> None:
    authors = [make.member() for _ in range(10)]
    ids = [note(authors[n % 10], declared="paid" if n % 3 else "").pk for n in range(30)][::-1]
    plain = [pk for n, pk in enumerate(ids[::-1]) if n % 3 == 0][::-1]
    viewer = make.actor(make.member())
    community.choose_paid(actor=viewer, paid="none")
    assert list(queries.balanced(viewer, ids)) == plain
    community.choose_paid(actor=viewer, paid="fewer")
    with CaptureQueriesContext(connection) as seen:
        kept = queries.balanced(viewer, ids)
        shown = queries.hydrate(viewer, list(kept), reasons=kept)
    assert [pk for pk in kept if pk in plain] == plain
    assert list(kept.values()).count("paid") == 2
    assert {one.post.pk: one.reason for one in shown} == kept
    assert len([one for one in seen if "earnings_" in one["sql"]]) == 1, "what may be earned"


@pytest.mark.django_db
def test_of_one_author_and_day_only_the_first_paid_posts_come_and_ones_own_always(
    settings: Any,
) -> None:
    settings.FEED_PAID_PER_AUTHOR_DAY, settings.FEED_PAID_CAP = 2, 20
    ana = make.member()
    ids = [note(ana, declared="paid").pk for _ in range(4)]
    assert list(queries.balanced(Actor.guest(), ids[::-1])) == [ids[1], ids[0]]
    assert list(queries.balanced(make.actor(ana), ids)) == ids


@pytest.mark.django_db
def test_a_picture_of_somebody_else_is_not_described_by_who_posts_it() -> None:
    ana, ben = make.member(), make.member()
    theirs = image()
    theirs.owner_id = ben.pk
    theirs.save()
    made = post(ana, picture=theirs, alts=["mine now"])
    community.describe_pictures(actor=make.actor(ana), post_id=made.pk, alts=["mine"])
    theirs.refresh_from_db()
    assert theirs.alt == ""
