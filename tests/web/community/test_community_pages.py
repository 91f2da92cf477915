"""Posts, comments, boards and profiles as members and visitors use them."""

from __future__ import annotations

import pytest
from django.test import Client

from banyan.community import actions as community
from banyan.community.models import Board, BoardPost, Comment, Like
from banyan.kernel import relay
from banyan.notify.models import Notification
from banyan.people import actions as people
from banyan.people.models import Account, Follow
from tests.community.posts import post
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def browser(account: Account | None = None) -> Client:
    client = Client()
    if account is not None:
        client.force_login(account)
    return client


def test_a_refused_comment_comes_back_with_its_words_and_the_reason() -> None:
    ana = make.member("ana")
    row = post(ana, title="Winter cups")

    answer = browser(ana).post(f"/p/{row.pk}/comment", {"body": "x" * 1001})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "x" * 1001 in page
    assert "Write 1 to 1000 letters." in page
    assert "Winter cups" in page
    assert not Comment.objects.exists()


def test_a_refused_answer_comes_back_under_what_it_answers() -> None:
    ana = make.member("ana")
    row = post(ana)
    root = community.comment(actor=make.actor(ana), post_id=row.pk, body="First")
    answer = browser(ana).post(f"/p/{row.pk}/comment", {"body": " ", "parent": root.pk})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count("Write 1 to 1000 letters.") == 1
    assert "<details open>" in page


def test_an_answer_is_answered_on_the_page_by_name_under_the_same_root() -> None:
    ana, ben, cy = (make.member(name) for name in ("ana", "ben", "cy"))
    row = post(ana)
    root = community.comment(actor=make.actor(ana), post_id=row.pk, body="First")
    said = community.comment(
        actor=make.actor(ben), post_id=row.pk, body="Second", parent_id=root.pk
    )
    replies = f"/p/{row.pk}/comment/{root.pk}/answers"
    for url in (f"/p/{row.pk}", replies):
        assert f'name="parent" value="{said.pk}"' in browser(cy).get(url).content.decode()
        assert 'value="@ben "' in browser(cy).get(url).content.decode()
        assert 'value="@ben "' not in browser(ben).get(url).content.decode(), "nobody names himself"
        assert 'name="parent"' not in browser().get(url).content.decode()

    browser(cy).post(f"/p/{row.pk}/comment", {"body": "@ben Third", "parent": said.pk})
    relay.drain()
    third = Comment.objects.get(parent=said)
    assert third.root_id == root.pk
    assert [one.kind for one in Notification.objects.filter(recipient=ben)] == ["answer"]
    page = browser().get(replies).content.decode()
    assert '<a href="/@ben">@ben</a> Third' in page

    refused = browser(cy).post(f"/p/{row.pk}/comment", {"body": " ", "parent": third.pk})
    assert refused.status_code == 422
    page = refused.content.decode()
    assert page.count("<details open>") == page.count("Write 1 to 1000 letters.") == 1
    assert f'value="{third.pk}"' in page.partition("<details open>")[2].partition("</details>")[0]


def test_what_was_taken_away_is_answered_no_more() -> None:
    ana, ben = make.member("ana"), make.member("ben")
    row = post(ana)
    root = community.comment(actor=make.actor(ana), post_id=row.pk, body="First")
    community.comment(actor=make.actor(ben), post_id=row.pk, body="Second", parent_id=root.pk)
    community.delete_comment(actor=make.actor(ana), comment_id=root.pk)
    page = browser(ben).get(f"/p/{row.pk}").content.decode()
    assert f'name="parent" value="{root.pk}"' not in page
    assert 'name="parent"' in page


def test_a_comment_goes_by_its_writer_or_the_posts_author_and_answers_stay() -> None:
    ana, ben, cy = (make.member(name) for name in ("ana", "ben", "cy"))
    row = post(ana)
    root = community.comment(actor=make.actor(ben), post_id=row.pk, body="Rude words")
    community.comment(actor=make.actor(cy), post_id=row.pk, body="Well", parent_id=root.pk)
    delete = f"/p/{row.pk}/comment/{root.pk}/delete"
    assert "Delete" not in browser(cy).get(f"/p/{row.pk}").content.decode().split("Well")[0]

    assert browser(cy).post(delete).status_code == 404
    assert browser(ana).post(delete).status_code == 302

    page = browser().get(f"/p/{row.pk}").content.decode()
    assert "Rude words" not in page
    assert "This comment was taken away." in page
    assert "Well" in page


def test_a_blocked_person_is_neither_read_nor_answered() -> None:
    ana, ben, cy = (make.member(name) for name in ("ana", "ben", "cy"))
    row = post(ana)
    said = community.comment(actor=make.actor(ben), post_id=row.pk, body="From Ben")
    people.block(actor=make.actor(cy), account_id=ben.pk)

    assert "From Ben" not in browser(cy).get(f"/p/{row.pk}").content.decode()
    answer = browser(cy).post(f"/p/{row.pk}/comment", {"body": "Hm", "parent": said.pk})
    assert answer.status_code == 404
    assert Comment.objects.count() == 1


def test_a_repin_goes_when_its_original_goes() -> None:
    ana, ben = make.member("ana"), make.member("ben")
    row = post(ana)
    shown_on = community.repin(actor=make.actor(ben), post_id=row.pk)
    assert browser().get(f"/p/{shown_on.pk}").status_code == 200

    community.delete_post(actor=make.actor(ana), post_id=row.pk)

    assert browser().get(f"/p/{shown_on.pk}").status_code == 404


def test_a_profile_shows_relations_and_the_way_to_end_them() -> None:
    ana, ben = make.member("ana"), make.member("ben")
    people.follow(actor=make.actor(ben), account_id=ana.pk)

    page = browser(ana).get("/@ben").content.decode()
    assert "Follows you" in page
    assert "/people/ben/block" in page
    assert "/people/ben/followers" in page

    browser(ana).post("/people/ben/follow")
    assert "Friends" in browser(ana).get("/@ben").content.decode()
    assert Follow.objects.filter(is_mutual=True).count() == 2
    assert "/people/ben/block" not in browser().get("/@ben").content.decode()
    assert "/people/ben/follow" in browser().get("/@ben").content.decode()


def test_a_board_is_made_filled_closed_to_others_and_taken_away() -> None:
    ana, ben = make.member("ana"), make.member("ben")
    row = post(ben)
    mine = browser(ana)
    assert mine.post("/me/boards", {"title": ""}).status_code == 422
    mine.post("/me/boards", {"title": "Winter"})
    board = Board.objects.get()
    mine.post(f"/p/{row.pk}/save", {"board": board.pk})
    assert f"/p/{row.pk}" in browser().get(f"/@ana/{board.slug}").content.decode()

    refused = mine.post(f"/me/boards/{board.pk}", {"title": "x" * 81, "about": "Kept"})
    assert refused.status_code == 422
    assert "Kept" in refused.content.decode()
    mine.post(f"/me/boards/{board.pk}", {"title": "Only mine", "private": "1"})
    assert browser().get(f"/@ana/{board.slug}").status_code == 404
    assert browser(ben).post(f"/me/boards/{board.pk}/delete").status_code in {302, 404}
    assert Board.objects.exists()

    mine.post(f"/me/boards/{board.pk}/take/{row.pk}")
    assert not BoardPost.objects.exists()
    mine.post(f"/me/boards/{board.pk}/delete")
    assert not Board.objects.exists()


def test_who_likes_a_post_is_shown_to_whom_may_see_it() -> None:
    ana, ben = make.member("ana"), make.member("ben")
    row = post(ana)
    browser(ben).post(f"/p/{row.pk}/like")
    page = browser().get(f"/p/{row.pk}").content.decode()
    assert f"/p/{row.pk}/likes" in page
    assert "Ben" in browser().get(f"/p/{row.pk}/likes").content.decode()
    people.block(actor=make.actor(ana), account_id=ben.pk)
    assert "@ben" not in browser(ana).get(f"/p/{row.pk}/likes").content.decode()
    assert browser(ben).get(f"/p/{row.pk}/likes").status_code == 404


def test_a_like_of_a_hidden_post_is_not_found_and_changes_nothing() -> None:
    ana, ben = make.member("ana"), make.member("ben")
    row = post(ana, visibility=3)
    assert browser(ben).post(f"/p/{row.pk}/like").status_code == 404
    assert not Like.objects.exists()


def test_an_author_hears_of_likes_words_answers_and_repins() -> None:
    from banyan.kernel import relay
    from banyan.notify.queries import notifications

    ana, ben, cy = (make.member(name) for name in ("ana", "ben", "cy"))
    row = post(ana, title="Winter cups")
    for who in (ben, cy):
        community.like(actor=make.actor(who), post_id=row.pk)
    word = community.comment(actor=make.actor(ben), post_id=row.pk, body="Where from?")
    community.comment(actor=make.actor(ana), post_id=row.pk, body="Mio", parent_id=word.pk)
    community.repin(actor=make.actor(cy), post_id=row.pk)
    relay.drain()

    assert [told.text for told in notifications(ana.pk)] == [
        "Cy passed “Winter cups” on.",
        "Ben wrote under “Winter cups”.",
        "Cy and Ben like “Winter cups”.",
    ]
    assert [told.text for told in notifications(ben.pk)] == ["Ana answered you."]

    people.block(actor=make.actor(ana), account_id=cy.pk)
    assert all("Cy" not in told.text for told in notifications(ana.pk))


def test_a_post_offers_ones_own_boards_and_those_one_takes_part_in(client: Client) -> None:
    ana, ben = make.member(), make.member("benno")
    shown = post(ana)
    mine = community.make_board(actor=make.actor(ben), title="My own")
    shared = community.make_board(actor=make.actor(ana), title="Together")
    community.make_board(actor=make.actor(ana), title="Not his")
    community.invite_to_board(actor=make.actor(ana), board_id=shared.pk, handle="benno")
    client.force_login(ben)
    assert "Together" not in client.get(f"/p/{shown.pk}").content.decode()
    assert client.post(f"/me/boards/{shared.pk}/join").status_code == 302
    page = client.get(f"/p/{shown.pk}").content.decode()
    assert f'<option value="{mine.pk}">My own</option>' in page
    assert f'<option value="{shared.pk}">Together' in page
    assert "Not his" not in page
    form = {"board": shared.pk, "note": "For us"}
    assert client.post(f"/p/{shown.pk}/save", form).status_code == 302
    found = client.get(f"/@{ana.handle}/{shared.slug}").content.decode()
    assert "For us" in found
    assert "added by" in found
    assert client.post(f"/me/boards/{shared.pk}/leave").status_code == 302
    assert client.get("/me/boards").content.decode().count("Together") == 0
