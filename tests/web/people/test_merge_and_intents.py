"""Orders a guest left, and taps a visitor made: both wait for the sign-in."""

from __future__ import annotations

import pytest
from django.test import Client

from banyan.community.models import BoardPost, Comment, Like, Post
from banyan.kernel import clock
from banyan.orders.models import Checkout
from banyan.people.models import GuestMerge
from tests.support.factories import member, pay, place, product

from .driver import enter, post, who

pytestmark = pytest.mark.django_db


def guest_order(email: str) -> Checkout:
    """Return a paid purchase that a guest made under ``email``."""
    checkout = pay(place((product().variants.get(), 1)))
    Checkout.objects.filter(pk=checkout.pk).update(contact_email=email)
    return checkout


def test_a_guest_s_orders_are_offered_after_the_first_sign_in_and_joined(client: Client) -> None:
    checkout = guest_order("ana@example.com")
    strangers = guest_order("ben@example.com")
    response = client.get(enter(client, next="/me")["Location"])
    offer = client.get(response["Location"])
    page = offer.content.decode()
    assert "We found 1 order made with ana@example.com" in page
    assert checkout.number in page
    assert strangers.number not in page
    checkout.refresh_from_db()
    assert checkout.buyer_id is None, "nothing moves before the answer"

    url = response["Location"].partition("?")[0]
    client.post(url, {"answer": "accept"})
    checkout.refresh_from_db()
    assert checkout.buyer == who(client)
    assert checkout.number in client.get("/orders").content.decode()

    client.post(f"{url}/undo")
    checkout.refresh_from_db()
    assert checkout.buyer_id is None
    strangers.refresh_from_db()
    assert strangers.buyer_id is None


def test_a_no_leaves_everything_and_is_not_asked_again(client: Client) -> None:
    checkout = guest_order("ana@example.com")
    url = client.get(enter(client, next="/me")["Location"])["Location"].partition("?")[0]
    assert client.post(url, {"answer": "decline", "next": "/me"})["Location"] == "/me"
    checkout.refresh_from_db()
    assert checkout.buyer_id is None
    again = Client()
    assert again.get(enter(again, next="/me")["Location"])["Location"] == "/me"


def test_an_offer_is_its_account_s_only(client: Client) -> None:
    checkout = guest_order("ana@example.com")
    client.get(enter(client)["Location"])
    offer = GuestMerge.objects.get()
    eve = Client()
    eve.force_login(member())
    assert eve.get(f"/me/merge/{offer.pk}").status_code == 404
    assert eve.post(f"/me/merge/{offer.pk}", {"answer": "accept"}).status_code == 404
    checkout.refresh_from_db()
    assert checkout.buyer_id is None


@pytest.fixture
def some_post() -> Post:
    """A public post of somebody."""
    return Post.objects.create(author=member("ben"), title="Tea", created_at=clock.now())


def go_through(client: Client, to_login: str) -> str:
    """Sign in from the address that an intended act led to; return where one ends up."""
    query = dict(part.split("=", 1) for part in to_login.partition("?")[2].split("&"))
    done = enter(client, intent=query["intent"])
    return str(done["Location"])


def test_a_visitor_s_like_is_counted_after_the_sign_in(client: Client, some_post: Post) -> None:
    to_login = client.get(f"/intend/like/{some_post.pk}")["Location"]
    assert not Like.objects.exists()
    assert client.get(go_through(client, to_login))["Location"] == f"/p/{some_post.pk}"
    assert Like.objects.get().account == who(client)


def test_a_visitor_s_save_goes_to_a_board(client: Client, some_post: Post) -> None:
    to_login = client.get(f"/intend/save/{some_post.pk}")["Location"]
    client.get(go_through(client, to_login))
    assert BoardPost.objects.get().board.owner == who(client)


def test_a_visitor_s_words_are_shown_once_more_before_they_are_said(
    client: Client, some_post: Post
) -> None:
    answer = post(client, f"/intend/comment/{some_post.pk}", {"body": "Lovely <b>tea</b>"})
    done = go_through(client, answer["Location"])
    page = client.get(done).content.decode()
    assert "Lovely &lt;b&gt;tea&lt;/b&gt;" in page
    assert not Comment.objects.exists()
    response = client.post(done)
    assert response["Location"].startswith(f"/p/{some_post.pk}?c=")
    assert Comment.objects.get().body == "Lovely <b>tea</b>"


def test_only_known_acts_can_wait(client: Client, some_post: Post) -> None:
    assert client.get(f"/intend/delete/{some_post.pk}").status_code == 404


def test_a_post_that_went_away_meanwhile_is_told_and_the_sign_in_stands(
    client: Client, some_post: Post
) -> None:
    to_login = client.get(f"/intend/like/{some_post.pk}")["Location"]
    Post.objects.filter(pk=some_post.pk).update(deleted_at=clock.now())
    done = client.get(go_through(client, to_login))
    assert done.status_code == 302
    assert who(client) is not None
    assert not Like.objects.exists()
