"""The chat's pages: they work without script, and show what was typed by others as words."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.urls import reverse

from banyan.catalog import actions as catalog
from banyan.chat import actions as chat
from banyan.chat.models import Message, Room, Thread
from banyan.kernel import clock
from banyan.people import actions as people
from tests.chat.test_rooms import friends, say
from tests.support import factories as make
from tests.support.pictures import staged_picture
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


def test_from_a_profile_to_a_message_without_script() -> None:
    ana, ben = friends()
    browser = client(ana)
    page = browser.get(reverse("profile", args=[ben.handle])).content.decode()
    url = reverse("chat_with", args=[ben.handle])
    assert f'href="{url}"' in page
    assert 'name="body"' in browser.get(url).content.decode()
    assert not Room.objects.exists(), "looking makes no room"

    sent = browser.post(url, {"body": "Hello <b>you</b>\nsecond line", "key": "k"}, follow=True)

    page = sent.content.decode()
    assert "Hello &lt;b&gt;you&lt;/b&gt;<br>second line" in page
    room = Room.objects.get()
    assert sent.redirect_chain[0][0] == f"/chat/{room.pk}#m1"
    listed = client(ben).get(reverse("chat")).content.decode()
    assert f'href="/chat/{room.pk}#m1"' in listed
    assert "Hello &lt;b&gt;you" in listed


def test_addresses_of_others_lead_away_safely_and_are_not_fetched() -> None:
    ana, ben = friends()
    say(ana, ben, 'See https://example.com/a?b=1&c="x" and javascript:alert(1).')
    room = Room.objects.get()

    page = client(ben).get(f"/chat/{room.pk}").content.decode()

    assert (
        '<a href="https://example.com/a?b=1&amp;c=" rel="nofollow ugc noopener noreferrer"'
        ' target="_blank">'
    ) in page
    assert 'href="javascript' not in page


def test_a_picture_is_sent_and_a_refused_form_keeps_its_words() -> None:
    ana, ben = friends()
    say(ana, ben)
    room = Room.objects.get()
    browser = client(ana)
    token = staged_picture(make.actor(ana))

    refused = browser.post(f"/chat/{room.pk}/say", {"body": "x" * 2001, "picture": token})
    sent = browser.post(f"/chat/{room.pk}/say", {"body": "", "picture": token}, follow=True)

    assert refused.status_code == 422
    assert token in refused.content.decode()
    assert "<picture" in sent.content.decode()
    assert Message.objects.get(seq=2).image is not None


def test_a_fragment_brings_what_was_said_since_and_earlier_ones() -> None:
    ana, ben = friends()
    for n in range(35):
        say(ana, ben, f"Number {n + 1}.")
    room = Room.objects.get()
    browser = client(ben)

    page = browser.get(f"/chat/{room.pk}").content.decode()
    say(ana, ben, "Number 36.")
    fresh = browser.get(f"/chat/{room.pk}?first=6", headers={"hx-request": "true"})
    older = browser.get(f"/chat/{room.pk}?before=6", headers={"hx-request": "true"})

    assert "Number 6." in page
    assert "Number 5." not in page
    assert f'hx-get="/chat/{room.pk}?before=6"' in page
    assert f'data-live-refresh="/chat/{room.pk}?first=6"' in page
    assert "Number 36." in fresh.content.decode()
    assert "<html" not in fresh.content.decode()
    assert "Number 5." in older.content.decode()
    assert "Number 6." not in older.content.decode()
    assert 'id="earlier"' not in older.content.decode(), "there is nothing before the first"


def test_who_was_blocked_gets_neither_page_nor_fragment() -> None:
    ana, ben = friends()
    say(ana, ben, "Secret")
    room = Room.objects.get()
    people.block(actor=make.actor(ana), account_id=ben.pk)

    for one in (ana, ben, make.member()):
        browser = client(one)
        assert browser.get(f"/chat/{room.pk}").status_code == 404
        live = browser.get(f"/chat/{room.pk}?first=1", headers={"hx-request": "true"})
        assert live.status_code == 404
        assert b"Secret" not in live.content
        assert browser.post(f"/chat/{room.pk}/say", {"body": "x"}).status_code == 404
    assert Message.objects.count() == 1


def test_a_request_is_answered_on_its_page() -> None:
    ana, ben = make.member(), make.member()
    say(ana, ben, "May I?")
    room = Room.objects.get()
    browser = client(ben)

    assert "May I?" not in browser.get(reverse("chat")).content.decode()
    assert "May I?" in browser.get(f"{reverse('chat')}?asking").content.decode()
    assert 'value="accept"' in browser.get(f"/chat/{room.pk}").content.decode()
    waiting = client(ana).get(f"/chat/{room.pk}").content.decode()
    assert 'name="body"' not in waiting, "there is nothing to write before the answer"
    browser.post(f"/chat/{room.pk}/act", {"do": "accept"})

    assert 'name="body"' in client(ana).get(f"/chat/{room.pk}").content.decode()


def test_statements_do_not_grow_with_the_messages(
    django_assert_max_num_queries: pytest.FixtureRequest,
) -> None:
    ana, ben = friends()
    item = make.product()
    browser = client(ben)
    say(ana, ben, "One")
    room = Room.objects.get()
    browser.get(f"/chat/{room.pk}")
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from banyan.chat import actions as chat

    def count() -> int:
        with CaptureQueriesContext(connection) as asked:
            browser.get(f"/chat/{room.pk}")
        return len(asked)

    card = chat.Wanted("product", item.pk)
    chat.send(actor=make.actor(ana), room_id=room.pk, words=chat.Words(card=card))
    few = count()
    for n in range(12):
        chat.send(actor=make.actor(ana), room_id=room.pk, words=chat.Words(body=str(n), card=card))

    assert count() == few


def test_a_browser_is_offered_to_tell_only_once_there_is_a_message() -> None:
    ana, ben = friends()
    assert "data-push" not in client(ben).get(reverse("chat")).content.decode()
    say(ana, ben, "One")
    assert "data-push" in client(ben).get(reverse("chat")).content.decode()


def items(page: str) -> list[str]:
    """Return the classes of what stands in a conversation, in order."""
    found = re.findall(r'<li (?:id="m\d+" data-node="\d+" class="(said[^"]*)|class="(day) )', page)
    return ["".join(one) for one in found]


def test_a_conversation_stands_in_runs_and_days_with_ones_own_words_apart() -> None:
    ana, ben = friends()
    monday = dt.datetime(2026, 11, 23, 23, 50, tzinfo=dt.UTC)
    with clock.at(monday):
        say(ben, ana, "One")
        say(ben, ana, "Two")
    with clock.at(monday + dt.timedelta(minutes=20)):
        say(ben, ana, "Three")
        say(ana, ben, "Four")
    room = Room.objects.get()

    page = client(ana).get(f"/chat/{room.pk}").content.decode()

    said = ["day", "said", "said again", "day", "said", "said own"]
    assert items(page) == said
    assert page.count(f">{ben.display_name}</a></b>") == 2, "the name once a run"
    assert 'datetime="2026-11-24"' in page
    mine, theirs = f"/{Message.objects.get(seq=4).pk}/take-back", "/report/message/"
    assert mine in page
    assert page.count("/take-back") == 1
    assert page.count(theirs) == 3


def test_what_script_sends_is_answered_with_the_conversation_or_the_refusal(midday: None) -> None:
    ana, ben = friends()
    say(ben, ana, "Hello")
    room = Room.objects.get()
    browser, url = client(ana), f"/chat/{room.pk}/say"
    script = {"hx-request": "true"}

    sent = browser.post(url, {"body": "Yes", "key": "k", "first": "1"}, headers=script)
    again = browser.post(url, {"body": "Yes", "key": "k", "first": "1"}, headers=script)
    refused = browser.post(url, {"body": "x" * 2001, "first": "1"}, headers=script)

    for answer in (sent, again):
        assert answer.status_code == 200
        assert 'id="talk"' in answer.content.decode()
        assert "<html" not in answer.content.decode()
        assert items(answer.content.decode()) == ["day", "said", "said own"]
    assert refused.status_code == 422
    assert "notice" in refused.content.decode()
    assert Message.objects.count() == 2


def test_a_picture_is_sent_with_what_it_shows() -> None:
    ana, ben = friends()
    say(ana, ben)
    room = Room.objects.get()
    token = staged_picture(make.actor(ana))
    form = {"picture": token, f"picture_alt_{token}": "A blue bowl"}

    client(ana).post(f"/chat/{room.pk}/say", form)

    assert 'alt="A blue bowl"' in client(ben).get(f"/chat/{room.pk}").content.decode()


def test_a_thread_in_which_the_buyer_wrote_meanwhile_is_not_done() -> None:
    shop, buyer = make.shop(), make.actor(make.member())
    room = chat.open_shop_room(actor=buyer, shop_id=shop.pk)
    chat.send(actor=buyer, room_id=room.pk, words=chat.Words(body="Thank you!"))
    thread, browser = Thread.objects.get(), client(shop.owner)
    url = reverse("studio_thread", args=[shop.slug, thread.pk])
    act = reverse("studio_thread_act", args=[shop.slug, thread.pk])

    def drawn() -> dict[str, str]:
        found = re.search(r'name="seen" value="(\d+)"', browser.get(url).content.decode())
        assert found
        return {"do": "done", "seen": found[1]}

    early = drawn()
    chat.send(actor=buyer, room_id=room.pk, words=chat.Words(body="Where is the other cup?"))
    refused = browser.post(act, early)
    thread.refresh_from_db()
    assert (refused.status_code, thread.state) == (422, "open")
    assert "Where is the other cup?" in refused.content.decode()
    assert thread.asked_at is not None

    chat.read_thread(actor=make.actor(shop.owner), shop_id=shop.pk, thread_id=thread.pk, seq=2)
    assert browser.post(act, early).status_code == 302, "it was read where it came in live"
    chat.send(actor=buyer, room_id=room.pk, words=chat.Words(body="Found it."))
    assert browser.post(act, drawn()).status_code == 302
    thread.refresh_from_db()
    assert thread.state == "done"


def test_threads_of_somebody_who_was_let_go_are_nobodys() -> None:
    shop, mia = make.shop(), make.member()
    owner = make.actor(shop.owner)
    catalog.hire(actor=owner, shop_id=shop.pk, account_id=mia.pk, role="clerk")
    buyer = make.actor(make.member())
    room = chat.open_shop_room(actor=buyer, shop_id=shop.pk)
    chat.send(actor=buyer, room_id=room.pk, words=chat.Words(body="Is it safe?"))
    thread = Thread.objects.get()
    chat.take_thread(actor=make.actor(mia), shop_id=shop.pk, thread_id=thread.pk)
    url = reverse("studio_inbox", args=[shop.slug]) + "?state=open&whose=nobody"
    link = reverse("studio_thread", args=[shop.slug, thread.pk])
    assert link not in client(shop.owner).get(url).content.decode()

    catalog.remove_staff(actor=owner, shop_id=shop.pk, account_id=mia.pk)

    assert link in client(shop.owner).get(url).content.decode()
