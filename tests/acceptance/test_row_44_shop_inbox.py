"""Row 44: one place to serve many. A question by comment, chat or order comes in one thread."""

from __future__ import annotations

import datetime as dt
import re
from functools import partial
from unittest import mock

import pytest
from django.test import Client
from django.urls import reverse

from banyan.catalog import actions as catalog
from banyan.catalog.models import Shop
from banyan.chat.models import Answer, Message, Room, Thread
from banyan.community import actions as community
from banyan.community.actions import Tag
from banyan.community.models import Post
from banyan.kernel import clock, relay
from banyan.kernel.models import AuditEntry
from banyan.notify.models import Notification
from banyan.orders.models import Order
from banyan.people import actions as people
from banyan.people.models import Account
from tests.community import posts
from tests.support import factories as make
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


class Stall:
    """A shop with two who answer, a post that shows its goods, and a buyer with an order."""

    def __init__(self) -> None:
        self.owner, self.clerk = make.member(), make.member()
        self.shop: Shop = make.shop(self.owner)
        catalog.hire(
            actor=make.actor(self.owner),
            shop_id=self.shop.pk,
            account_id=self.clerk.pk,
            role="clerk",
        )
        self.item = make.variant(self.shop)
        self.fan, self.buyer = make.member(), make.member()
        self.post = self.shown_by(self.fan)
        self.order: Order = make.pay(make.place((self.item, 1), buyer=self.buyer)).orders.get()

    def shown_by(self, author: Account, visibility: int = 0) -> Post:
        """Return a post of somebody with the shop's goods on its picture."""
        tag = Tag(0, self.item.product_id, 500, 500)
        return posts.post(author, tags=[tag], visibility=visibility)

    def url(self, name: str, *more: int) -> str:
        """Return the address of a room of the studio."""
        return reverse(name, args=[self.shop.slug, *more])


@pytest.fixture
def stall() -> Stall:
    return Stall()


def comment(one: Account, post: Post, body: str) -> None:
    """Write under a post, by its page."""
    answer = client(one).post(f"/p/{post.pk}/comment", {"body": body})
    assert answer.status_code == 302
    relay.drain()


def ask(one: Account, stall: Stall, body: str, **more: str) -> None:
    """Ask the shop in the chat, by its page."""
    url = reverse("chat_shop", args=[stall.shop.slug])
    answer = client(one).post(url, {"body": body, **more})
    assert answer.status_code == 302, answer.content.decode()
    relay.drain()


def test_row_44_one_thread_one_assignee_the_order_beside_it(stall: Stall) -> None:
    # given a question by comment, one by chat, one about the order, from one buyer
    comment(stall.buyer, stall.post, "Is the glaze safe for food?")
    ask(stall.buyer, stall, "And does it come in blue?", card=f"product:{stall.item.product_id}")
    token = stall.order.checkout.access_token
    client(stall.buyer).post(f"/o/{token}/{stall.order.pk}/note", {"body": "Ring twice, please."})
    relay.drain()

    # when two of the staff open it
    pages = {}
    for one in (stall.owner, stall.clerk):
        listed = client(one).get(stall.url("studio_inbox")).content.decode()
        found = set(re.findall(rf'href="({stall.url("studio_inbox")}/\d+)#', listed))
        assert len(found) == 1, "one thread, whatever way it was asked"
        pages[one.pk] = client(one).get(found.pop()).content.decode()

    # then everything is in one thread, in the order in which it was said, the order beside it
    thread = Thread.objects.get()
    assert Room.objects.count() == 1
    for page in pages.values():
        told = [page.index(t) for t in ("safe for food", "come in blue", "Ring twice")]
        assert told == sorted(told)
        assert stall.url("studio_order", stall.order.pk) in page
        assert stall.order.number in page
        assert "I take it" in page

    # and both press the button that they see: one has it, the other is told who
    act = stall.url("studio_thread_act", thread.pk)
    answers = [client(one).post(act, {"do": "take"}) for one in (stall.clerk, stall.owner)]
    assert [answer.status_code for answer in answers] == [302, 422]
    assert f"{stall.clerk.display_name} has this thread now." in answers[1].content.decode()
    thread.refresh_from_db()
    assert thread.assignee == stall.clerk
    # and what is said then is told to who has it, and to nobody else
    Notification.objects.all().delete()
    ask(stall.buyer, stall, "Hello?")
    told_now = Notification.objects.filter(kind="shop_chat").values_list("recipient_id", flat=True)
    assert list(told_now) == [stall.clerk.pk]


def test_row_44_an_answer_reaches_the_buyer_in_the_shops_name(stall: Stall) -> None:
    comment(stall.buyer, stall.post, "Is the glaze safe for food?")
    thread = Thread.objects.get()
    assert client(stall.buyer).get("/chat").content.decode().count("/chat/384") == 0

    answered = client(stall.clerk).post(
        stall.url("studio_thread", thread.pk), {"body": "It is, up to 90 degrees.", "key": "k"}
    )
    again = client(stall.clerk).post(
        stall.url("studio_thread", thread.pk), {"body": "It is, up to 90 degrees.", "key": "k"}
    )
    relay.drain()

    assert answered["Location"] == again["Location"], "pressed twice is said once"
    thread.refresh_from_db()
    assert (thread.state, thread.assignee) == ("waiting", stall.clerk)
    page = client(stall.buyer).get(f"/chat/{thread.room_id}").content.decode()
    assert "It is, up to 90 degrees." in page
    assert stall.shop.name in page
    assert stall.clerk.display_name not in page, "the shop answers, not its clerk by name"
    told = Notification.objects.get(recipient=stall.buyer, kind="chat")
    assert told.actors == []
    listed = client(stall.buyer).get("/chat").content.decode()
    assert f"/chat/{thread.room_id}#m2" in listed


def test_row_44_the_first_answers_time_is_a_median_of_what_was_answered(stall: Stall) -> None:
    start = clock.now()

    def at(minutes: float) -> mock._patch[mock.MagicMock]:
        moment = start + dt.timedelta(minutes=minutes)
        return mock.patch.object(clock, "now", return_value=moment)

    def answer(thread: Thread) -> None:
        client(stall.clerk).post(stall.url("studio_thread", thread.pk), {"body": "Yes."})

    inbox = partial(client(stall.owner).get, stall.url("studio_inbox"))
    assert "– · of 0 questions" in inbox().content.decode(), "none is no zero"

    waits = {10: make.member(), 30: make.member(), 90: make.member()}
    for buyer in waits.values():
        with at(0):
            ask(buyer, stall, "Is it blue?")
        with at(5):
            ask(buyer, stall, "Or green?")
    for minutes, buyer in waits.items():
        with at(minutes):
            answer(Thread.objects.get(room__account=buyer))
    with at(95):
        answer(Thread.objects.get(room__account=waits[90]))
    with at(96):
        ask(make.member(), stall, "Anybody there?")

    assert Answer.objects.count() == 3, "a second answer is no first one"
    page = inbox().content.decode()
    assert "30 min · of 3 questions" in page
    assert "1, the oldest since" in page, "who has no answer yet is in no median, so it is told"
    with at(31 * 24 * 60 + 100):
        assert "– · of 0 questions" in inbox().content.decode()


def test_row_44_what_is_not_for_the_shop_does_not_come(stall: Stall) -> None:
    comment(stall.clerk, stall.post, "We made this one in May.")
    comment(stall.fan, stall.post, "It is mine.")
    private = stall.shown_by(stall.fan, visibility=1)
    people.follow(actor=make.actor(stall.buyer), account_id=stall.fan.pk)
    comment(stall.buyer, private, "Only your followers read this.")
    people.block(actor=make.actor(stall.buyer), account_id=stall.owner.pk)
    comment(stall.buyer, stall.post, "I do not speak to that shop.")
    elsewhere = posts.post(stall.fan)
    comment(make.member(), elsewhere, "Nothing of the shop's here.")

    assert not Thread.objects.exists()
    assert not Message.objects.exists()


def test_row_44_a_comment_that_is_gone_is_gone_from_the_thread(stall: Stall) -> None:
    comment(stall.buyer, stall.post, "My number is 12345.")
    thread = Thread.objects.get()
    row = stall.post.comments.get()

    community.delete_comment(actor=make.actor(stall.buyer), comment_id=row.pk)

    page = client(stall.owner).get(stall.url("studio_thread", thread.pk)).content.decode()
    assert "12345" not in page
    assert "Taken back" in page


def test_row_44_staff_take_back_their_own_and_see_what_was_read(stall: Stall) -> None:
    ask(stall.buyer, stall, "Is it blue?")
    thread = Thread.objects.get()
    url = stall.url("studio_thread", thread.pk)
    owner, clerk, buyer = client(stall.owner), client(stall.clerk), client(stall.buyer)
    owner.post(url, {"body": "No, it is red."})
    said = Message.objects.get(as_shop=True)
    back = stall.url("studio_take_back", thread.pk, said.pk)

    # a colleague reads who said it, and may not take it back; the buyer reads the shop alone
    page = clerk.get(url).content.decode()
    assert f"<b>{stall.owner.display_name}</b>" in page
    assert back not in page
    assert clerk.post(back).status_code == 404
    assert stall.owner.display_name not in buyer.get(f"/chat/{thread.room_id}").content.decode()
    assert "Seen" not in page

    # the buyer has read it
    buyer.post(f"/chat/{thread.room_id}/read", {"seq": said.seq})
    assert "Seen" in owner.get(url).content.decode()

    assert back in owner.get(url).content.decode()
    owner.post(back)
    owner.post(back)

    assert "it is red" not in buyer.get(f"/chat/{thread.room_id}").content.decode()
    entry = AuditEntry.objects.get(action="chat.take_back")
    assert (entry.actor_id, entry.subject_id) == (stall.owner.pk, said.pk)
    assert "red" not in str(entry.detail)


def test_row_44_reading_a_thread_shows_the_buyer_and_clears_the_readers_notice(
    stall: Stall,
) -> None:
    ask(stall.buyer, stall, "Is it blue?")
    thread = Thread.objects.get()
    told = Notification.objects.filter(kind="shop_chat", read_at=None)
    assert told.count() == 2

    client(stall.clerk).post(stall.url("studio_thread_read", thread.pk), {"seq": "1"})
    relay.drain()

    assert told.get().recipient_id == stall.owner.pk
    assert "Seen" in client(stall.buyer).get(f"/chat/{thread.room_id}").content.decode()


def test_row_44_the_same_event_twice_is_heard_once(stall: Stall) -> None:
    from banyan.chat.subscribers import hear_a_comment
    from banyan.community.events import PostCommented
    from banyan.kernel.events import Meta

    comment(stall.buyer, stall.post, "Is it safe?")
    row = stall.post.comments.get()
    event = PostCommented(
        post_id=stall.post.pk, author_id=stall.fan.pk, comment_id=row.pk, by_id=stall.buyer.pk
    )

    hear_a_comment(event, Meta(1, 1, clock.now(), None, "member", stall.buyer.pk))

    assert Message.objects.count() == 1


def test_row_44_quick_replies_states_and_filters(stall: Stall) -> None:
    browser: Client = client(stall.clerk)
    browser.post(stall.url("studio_replies"), {"title": "Care", "body": "Wash it by hand."})
    ask(stall.buyer, stall, "How do I wash it?")
    thread = Thread.objects.get()
    page = browser.get(stall.url("studio_thread", thread.pk)).content.decode()
    ready = re.search(r'href="([^"]+\?reply=\d+)#say"', page)
    assert ready
    assert ">Wash it by hand.</textarea>" in browser.get(ready.group(1)).content.decode()

    def listed(query: str) -> bool:
        page = browser.get(f"{stall.url('studio_inbox')}?{query}").content.decode()
        return stall.url("studio_thread", thread.pk) in page

    assert [listed(f"state={s}") for s in ("open", "waiting", "done")] == [True, False, False]
    assert [listed(f"state=all&whose={w}") for w in ("", "mine", "nobody")] == [True, False, True]
    browser.post(stall.url("studio_thread", thread.pk), {"body": "By hand."})
    assert [listed(f"state={s}") for s in ("open", "waiting", "done")] == [False, True, False]
    assert [listed(f"state=all&whose={w}") for w in ("", "mine", "nobody")] == [True, True, False]
    browser.post(stall.url("studio_thread_act", thread.pk), {"do": "done"})
    assert [listed(f"state={s}") for s in ("open", "waiting", "done")] == [False, False, True]
    ask(stall.buyer, stall, "One more thing")
    assert listed("state=open"), "a new word opens it again"


def test_row_44_nobody_else_reads_a_shops_threads(stall: Stall) -> None:
    ask(stall.buyer, stall, "Between us")
    thread = Thread.objects.get()
    rival = make.member()
    rivals = make.shop(rival)
    for one in (rival, stall.buyer, stall.fan):
        browser = client(one)
        for slug in (stall.shop.slug, rivals.slug):
            for name in ("studio_thread", "studio_thread_act", "studio_thread_read"):
                url = reverse(name, args=[slug, thread.pk])
                assert browser.post(url, {"do": "take", "body": "x"}).status_code == 404
            assert browser.get(reverse("studio_thread", args=[slug, thread.pk])).status_code == 404
    assert Message.objects.count() == 1
    thread.refresh_from_db()
    assert thread.assignee is None
