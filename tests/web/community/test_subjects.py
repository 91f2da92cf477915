"""Posts about a verified purchase or an own listing; drafts, and what stays in sight, over HTTP."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from banyan.community.models import Post, PostDraft, PostImage, ProductTag
from banyan.kernel import clock
from banyan.market.models import Listing
from banyan.orders.models import OrderLine
from banyan.people.models import Account
from banyan.standing.models import Review
from tests.support import factories as make
from tests.support.pictures import staged_picture

pytestmark = pytest.mark.django_db


def browser(account: Account) -> Client:
    client = Client()
    client.force_login(account)
    return client


def reviewed(buyer: Account) -> Review:
    """Return a review as its action leaves it: once per line of what was received."""
    item = make.variant(make.shop(), price=2_000)
    checkout = make.pay(make.place((item, 1), buyer=buyer))
    line = OrderLine.objects.get(order__checkout=checkout)
    return Review.objects.create(
        line=line,
        product_id=item.product_id,
        shop_id=item.product.shop_id,
        author=buyer,
        stars=4,
        body="Pours well",
        created_at=clock.now(),
    )


def test_a_review_becomes_a_post_with_its_badge_once_and_only_by_who_wrote_it() -> None:
    ana, ben = make.member("ana"), make.member("ben")
    review = reviewed(ana)
    form = browser(ana).get(f"/post?review={review.pk}").content.decode()
    assert "Pours well" in form
    assert f'name="review" value="{review.pk}"' in form
    sent = {"kind": "review", "review": review.pk, "title": "Teapot"}
    assert browser(ben).post("/post", {**sent, "pictures": _picture(ben)}).status_code == 422
    assert browser(ana).post("/post", {**sent, "pictures": _picture(ana)}).status_code == 302
    post = Post.objects.get()
    assert (post.kind, post.review_id) == ("review", review.pk)
    assert ProductTag.objects.get().product_id == review.product_id
    page = Client().get(f"/p/{post.pk}").content.decode()
    assert "Bought and received" in page
    assert "4 of 5 stars" in page
    plain = browser(ben).post("/post", {"pictures": _picture(ben), "title": "I say so, too"})
    assert "Bought and received" not in Client().get(plain["Location"]).content.decode()


def _picture(account: Account) -> str:
    return staged_picture(make.actor(account))


def test_a_listing_is_posted_by_its_seller_alone_and_says_so() -> None:
    ana, ben = make.member("ana"), make.member("ben")
    product = make.product(make.shop(ana), title="Old lamp")
    listing = Listing.objects.create(
        product=product,
        seller=ana,
        condition="good",
        handover="both",
        level1="Zhejiang",
        created_at=clock.now(),
    )
    assert "Old lamp" in browser(ana).get(f"/post?listing={listing.pk}").content.decode()
    sent = {"kind": "listing", "listing": listing.pk, "title": "Old lamp"}
    assert browser(ben).post("/post", {**sent, "pictures": _picture(ben)}).status_code == 422
    assert browser(ana).post("/post", {**sent, "pictures": _picture(ana)}).status_code == 302
    post = Post.objects.get()
    assert (post.kind, post.listing_id) == ("listing", listing.pk)
    assert "Sells this" in Client().get(f"/p/{post.pk}").content.decode()


def test_a_draft_comes_back_with_its_words_and_pictures_and_goes_when_it_is_published() -> None:
    ana, ben = make.member("ana"), make.member("ben")
    client, token = browser(ana), _picture(ana)
    form = {"title": "Half", "body": "written", "visibility": "2", "pictures": token}
    kept = client.post("/post", {**form, f"pictures_alt_{token}": "A lake", "again": "draft"})
    assert kept.status_code == 302
    draft = PostDraft.objects.get()
    assert "Half" in client.get("/me/drafts").content.decode()
    assert browser(ben).get(f"/post?draft={draft.pk}").status_code == 404
    back = client.get(f"/post?draft={draft.pk}").content.decode()
    assert 'value="Half"' in back
    assert "written" in back
    assert 'value="A lake"' in back
    assert '<option value="2" selected>' in back
    again = re.search(r'name="pictures" value="([^"]+)"', back)
    assert again
    assert again.group(1) != token
    sent = {**form, "pictures": again.group(1), "draft": draft.pk, "title": "Whole"}
    assert client.post("/post", sent).status_code == 302
    assert Post.objects.get().title == "Whole"
    assert not PostDraft.objects.exists()


def test_what_stays_in_sight_is_chosen_by_percent_and_kept_by_a_class() -> None:
    ana = make.member("ana")
    client = browser(ana)
    client.post("/post", {"title": "Lake", "pictures": _picture(ana)})
    post = Post.objects.get()
    shown = PostImage.objects.get()
    client.post(
        f"/p/{post.pk}/pictures",
        {f"focus_{shown.image_id}_x": "10", f"focus_{shown.image_id}_y": "90"},
    )
    shown.refresh_from_db()
    assert (shown.focus_x, shown.focus_y) == (100, 900)
    client.post(f"/p/{post.pk}/save", {"title": "Board"})
    page = client.get("/me/boards").content.decode()
    assert re.search(r'class="thumb[^"]* x-5 y-45"', page)
    client.post(f"/p/{post.pk}/pictures", {f"focus_{shown.image_id}_x": "900"})
    shown.refresh_from_db()
    assert (shown.focus_x, shown.focus_y) == (100, 900)


def test_an_edit_shows_when_and_what_it_said_before() -> None:
    ana, ben = make.member("ana"), make.member("ben")
    client = browser(ana)
    client.post("/post", {"title": "Lake", "body": "A #lake", "pictures": _picture(ana)})
    post = Post.objects.get()
    assert browser(ben).get(f"/p/{post.pk}/edit").status_code == 404
    sent = {"title": "River", "body": "A #river", "visibility": "0", "declared": "gift"}
    assert client.post(f"/p/{post.pk}/edit", sent).status_code == 302
    page = Client().get(f"/p/{post.pk}").content.decode()
    assert "edited" in page
    assert "Got it as a gift" in page
    assert 'href="/t/river"' in page
    history = Client().get(f"/p/{post.pk}/history").content.decode()
    assert history.index("River") < history.index("Lake")
    refused = client.post(f"/p/{post.pk}/edit", {**sent, "title": "T" * 121})
    assert refused.status_code == 422
    post.refresh_from_db()
    assert post.title == "River"


def test_answers_beyond_the_first_come_on_request_and_comments_are_liked() -> None:
    from banyan.community import actions as community
    from banyan.community.models import Comment
    from tests.community.posts import post as made_post

    ana, ben = make.member("ana"), make.member("ben")
    made = made_post(ana)
    root = community.comment(actor=make.actor(ben), post_id=made.pk, body="Root")
    for word in ("one", "two", "three", "four"):
        community.comment(
            actor=make.actor(ana), post_id=made.pk, body=f"Answer {word}", parent_id=root.pk
        )
    page = Client().get(f"/p/{made.pk}").content.decode()
    assert "Show 4 answers" in page
    assert ("Answer two" in page, "Answer three" in page) == (True, False)
    url = f"/p/{made.pk}/comment/{root.pk}/answers"
    fragment = Client().get(url, headers={"hx-request": "true"}).content.decode()
    assert "<html" not in fragment
    assert "Answer four" in fragment
    assert "Answer four" in Client().get(url).content.decode()
    client = browser(ben)
    liked = client.post(
        f"/p/{made.pk}/comment/{root.pk}/like", headers={"hx-request": "true"}
    ).content.decode()
    assert 'aria-pressed="true"' in liked
    answer = Comment.objects.filter(root=root).first()
    assert answer is not None
    pinned = browser(ana).post(f"/p/{made.pk}/first", {"comment": answer.pk})
    assert pinned.status_code == 404, "an answer within a thread cannot be first"
    assert browser(ana).post(f"/p/{made.pk}/first", {"comment": root.pk}).status_code == 302
    assert "Put first" in Client().get(f"/p/{made.pk}").content.decode()


def test_a_vote_over_http_shows_the_result_and_a_closed_poll_says_so() -> None:
    ana, ben = make.member("ana"), make.member("ben")
    asked = browser(ana).post(
        "/post",
        {"kind": "question", "title": "Which?", "option": ["Ash", "Oak", "", ""], "days": "1"},
    )
    assert asked.status_code == 302
    post = Post.objects.get()
    ash = post.poll.options.get(text="Ash")
    client = browser(ben)
    before = client.get(f"/p/{post.pk}").content.decode()
    assert f'name="option" value="{ash.pk}"' in before
    client.post(f"/p/{post.pk}/vote", {"option": ash.pk})
    after = client.get(f"/p/{post.pk}").content.decode()
    assert "1 person voted" in after
    assert 'name="option"' not in after
    assert client.post(f"/p/{post.pk}/vote", {}).status_code == 302
    assert client.post(f"/p/{post.pk}/vote", {"option": "9"}).status_code == 404
    assert "Sign in and vote" in Client().get(f"/p/{post.pk}").content.decode()
