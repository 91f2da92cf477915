"""The chat for programs: the same rights as the pages, and a cursor without gaps."""

from __future__ import annotations

import pytest

from banyan.chat.models import Message, Room
from banyan.people import actions as people
from banyan.sharing.models import Link
from tests.api.client import Program, problem
from tests.chat.test_rooms import friends, say
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def test_a_program_writes_reads_on_by_number_and_says_what_it_has_read() -> None:
    ana, ben = friends()
    writer, reader = Program(ana), Program(ben)
    for n in range(7):
        writer.do("POST", f"/chat/people/{ben.handle}/messages", {"body": str(n)})
    room = Room.objects.get()
    path = f"/chat/rooms/{room.pk}"

    [listed] = reader.get("/chat/rooms")["items"]
    read, after = [], 0
    while page := reader.get(f"{path}/messages?after={after}&limit=3"):
        read += [one["body"] for one in page]
        after = page[-1]["seq"]
    latest = reader.get(f"{path}/messages?limit=2")
    moved = reader.do("PUT", f"{path}/read", {"seq": 7})

    assert (listed["unread"], listed["last_seq"], listed["person"]["handle"]) == (7, 7, ana.handle)
    assert read == [str(n) for n in range(7)]
    assert [one["body"] for one in latest] == ["5", "6"]
    assert moved == {"seq": 7}
    assert reader.get("/chat/rooms")["items"][0]["unread"] == 0


def test_the_same_request_twice_is_one_message() -> None:
    ana, ben = friends()
    say(ana, ben)
    path = f"/chat/rooms/{Room.objects.get().pk}/messages"
    program = Program(ana)

    first = program.send("POST", path, {"body": "Once"}, key="one-and-the-same")
    again = program.send("POST", path, {"body": "Once"}, key="one-and-the-same")

    assert first.content == again.content
    assert Message.objects.count() == 2


def test_a_card_is_shared_in_the_senders_name_with_the_line_that_is_owed() -> None:
    from banyan.earnings import actions as earnings

    ana, ben = friends()
    product = make.product()
    shop = product.shop
    earnings.set_plan(actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=1000)
    say(ana, ben)
    path = f"/chat/rooms/{Room.objects.get().pk}/messages"
    card = {"card": {"kind": "product", "id": str(product.pk)}}

    made = Program(ana).do("POST", path, card)
    [_first, shown] = Program(ben).get(path)

    link = Link.objects.get(owner=ana)
    assert (link.channel, link.place) == ("chat", "chat")
    assert made["card"]["url"] == f"/s/{link.code}"
    assert made["card"]["disclosure"] == "", "nobody is told this of themselves"
    assert "may earn" in shown["card"]["disclosure"]


def test_what_is_not_the_senders_cannot_be_shown() -> None:
    ana, ben = friends()
    say(ana, ben)
    path = f"/chat/rooms/{Room.objects.get().pk}/messages"
    order = make.pay(make.place((make.variant(), 1), buyer=ben)).orders.get()
    program = Program(ana)
    for kind, number in (("order", order.pk), ("product", 1), ("post", 1)):
        refused = program.send("POST", path, {"card": {"kind": kind, "id": str(number)}})
        assert problem(refused) == (422, "card_unknown"), kind
    # not even its own buyer puts it into a room that is not the shop's
    mine = Program(ben).send("POST", path, {"card": {"kind": "order", "id": str(order.pk)}})
    assert problem(mine) == (422, "card_unknown")
    assert Message.objects.count() == 1


def test_a_declined_asker_reads_request() -> None:
    ana, ben = make.member(), make.member()
    say(ana, ben)
    room = Room.objects.get()
    asker, asked = Program(ana), Program(ben)
    [waiting] = asked.get("/chat/requests")

    assert asked.send("PUT", f"/chat/rooms/{room.pk}/decline").status_code == 204

    assert waiting["state"] == "request"
    assert asker.get("/chat/rooms")["items"][0]["state"] == "request"
    assert asked.get("/chat/requests") == []


def test_a_blocked_pair_finds_nothing_of_each_other() -> None:
    ana, ben = friends()
    say(ana, ben)
    room = Room.objects.get()
    people.block(actor=make.actor(ana), account_id=ben.pk)

    for one, other in ((ana, ben), (ben, ana)):
        program = Program(one)
        assert program.get("/chat/rooms")["items"] == []
        for method, path, body in (
            ("GET", f"/chat/rooms/{room.pk}/messages", None),
            ("POST", f"/chat/rooms/{room.pk}/messages", {"body": "x"}),
            ("POST", f"/chat/people/{other.handle}/messages", {"body": "x"}),
            ("PUT", f"/chat/rooms/{room.pk}/read", {"seq": 1}),
        ):
            assert problem(program.send(method, path, body)) == (404, "not_found"), path
    assert Message.objects.count() == 1
