"""What buyers say: of who has nothing to gain by it, and taken off like any other text."""

from __future__ import annotations

import pytest
from django.test import Client

from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Forbidden, Invalid
from banyan.moderation import actions as moderation
from banyan.moderation.models import Case, Decision
from banyan.orders import actions as orders
from banyan.orders.models import OrderLine
from banyan.people import actions as people
from banyan.people.models import Account
from banyan.standing import actions as standing
from banyan.standing.models import Review
from banyan.standing.queries import standing_of
from banyan.trust.actions import record
from banyan.trust.rules import PAYMENT, Key
from tests.support import factories as make

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


def received(buyer: Account | None, shop_owner: Account, **contact: str) -> OrderLine:
    item = make.variant(make.shop(shop_owner))
    order = make.pay(make.place((item, 1), buyer=buyer, **contact)).orders.get()
    orders.ship(actor=make.actor(shop_owner), order_id=order.pk, carrier="Post")
    orders.confirm_receipt(
        actor=make.actor(buyer) if buyer else Actor.guest(),
        order_id=order.pk,
        access_token=order.checkout.access_token,
    )
    return order.lines.get()


def rate(line: OrderLine, who: Account | None) -> Review:
    return standing.write_review(
        actor=make.actor(who) if who else Actor.guest(),
        line_id=line.pk,
        stars=5,
        body="Very good.",
        access_token=line.order.checkout.access_token,
    )


def test_who_sells_does_not_rate_it_as_themselves_or_as_a_guest() -> None:
    seller = make.member(email="seller@example.com")

    for line, who in (
        (received(seller, seller), seller),
        (received(None, seller, email="Seller@example.com"), None),
    ):
        with pytest.raises(Forbidden) as refused:
            rate(line, who)
        assert refused.value.code == "own_shop"

    assert not Review.objects.exists()
    assert rate(received(None, seller, email="buyer@example.com"), None).stars == 5


def test_who_sells_does_not_rate_it_from_a_second_account() -> None:
    seller, second, buyer = make.member(), make.member(), make.member()
    lines = [received(each, seller) for each in (second, buyer)]
    for one in (seller, second):
        record(account_id=one.pk, keys=[Key(PAYMENT, "one card")], source="test")

    with pytest.raises(Forbidden):
        rate(lines[0], second)

    assert rate(lines[1], buyer).stars == 5


def test_words_that_are_not_said_here_are_not_said_in_a_rating() -> None:
    moderation.list_word(actor=SYSTEM, text="very good", effect="block", reason="test")
    buyer = make.member()

    with pytest.raises(Invalid) as refused:
        rate(received(buyer, make.member()), buyer)

    assert refused.value.code == "words_blocked"
    assert not Review.objects.exists()


def test_a_rating_that_is_hidden_takes_its_stars_along_and_comes_back_with_them() -> None:
    buyer = make.member()
    made = rate(received(buyer, make.member()), buyer)
    product = made.product
    page = f"/shop/{product.shop.slug}/{product.slug}/reviews"
    reader = Client()
    reader.force_login(make.member())
    assert f"/report/review/{made.pk}" in reader.get(page).content.decode()

    told = {"reason": "spam", "note": "It is paid for."}
    assert reader.post(f"/report/review/{made.pk}", told).status_code == 302
    moderation.decide_case(
        actor=make.actor(make.staff("moderation")),
        case_id=Case.objects.get(subject_kind="review").pk,
        verdict="hide",
        reason="spam",
        words="Paid for.",
    )

    assert "Very good." not in reader.get(page).content.decode()
    assert reader.get(f"/report/review/{made.pk}").status_code == 404
    product.refresh_from_db()
    assert (product.ratings, product.stars) == (0, 0)
    assert standing_of(product.shop_id).rating is None

    asked = moderation.appeal(
        actor=Actor.guest(), token=Decision.objects.get().token, body="Nobody paid me."
    )
    moderation.review_appeal(
        actor=make.actor(make.staff("moderation")),
        appeal_id=asked.pk,
        upheld=True,
        reason="Right.",
    )

    assert "Very good." in reader.get(page).content.decode()
    product.refresh_from_db()
    assert (product.ratings, product.stars) == (1, 5)
    assert standing_of(product.shop_id).rating == 5.0


def test_what_was_cancelled_was_not_received_and_is_rated_by_nobody() -> None:
    shop = make.shop()
    order = make.pay(make.place((make.variant(shop), 1), (make.variant(shop), 1))).orders.get()
    kept, gone = order.lines.order_by("id")
    token = order.checkout.access_token
    guest = Actor.guest()
    orders.cancel_order(
        actor=guest, order_id=order.pk, key="c", units={gone.pk: 1}, access_token=token
    )
    orders.ship(actor=make.actor(shop.owner), order_id=order.pk, carrier="Post")
    orders.confirm_receipt(actor=guest, order_id=order.pk, access_token=token)

    with pytest.raises(Conflict) as refused:
        rate(gone, None)

    assert refused.value.code == "not_received"
    assert rate(kept, None).line_id == kept.pk
    page = Client().get(f"/o/{token}").content.decode()
    assert f"f-stars-{gone.pk}" not in page


@pytest.mark.parametrize("how", ["suspended", "blocked"])
def test_a_buyer_who_is_not_shown_to_the_reader_is_not_named_by_what_they_said(how: str) -> None:
    buyer, reader = make.member("qadira"), make.member()
    line = received(buyer, make.member())
    rate(line, buyer)
    product = line.variant.product
    page = f"/shop/{product.shop.slug}/{product.slug}/reviews"
    browser = Client()
    browser.force_login(reader)
    assert "Qadira" in browser.get(page).content.decode()

    if how == "suspended":
        people.close_account(actor=SYSTEM, account_id=buyer.pk, reason="spam")
    else:
        people.block(actor=make.actor(buyer), account_id=reader.pk)

    shown = browser.get(page).content.decode()
    assert "Qadira" not in shown
    assert "<b>somebody</b>" in shown
    assert "Very good." in shown
    assert ("Qadira" in Client().get(page).content.decode()) == (how == "blocked")
