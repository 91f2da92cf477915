"""Red packets by program: once per key, only of rooms one is in, every refusal with a code."""

from __future__ import annotations

import json

import pytest

from banyan.campaigns.models import Instance
from banyan.chat import actions as chat
from banyan.ledger.proof import verify
from tests.api.client import Program, problem
from tests.campaigns.test_red_packet import credit, rich
from tests.groups.circles import group, joined
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def test_a_program_fills_a_packet_once_and_others_open_it() -> None:
    ana, ben = rich(1_000), make.member()
    of = group(ana)
    joined(of, ben)
    room = chat.open_group_room(actor=make.actor(ana), group_id=of.pk)
    sender, taker, stranger = Program(ana), Program(ben), Program(make.member())
    body = {
        "total": {"amount": 900, "currency": "CNY"},
        "count": 3,
        "mode": "equal",
        "wish": "Luck",
        "word": "gong xi",
        "room_id": str(room.pk),
    }

    made = [json.loads(sender.send("POST", "/packets", body, key="one").content) for _twice in "ab"]
    assert made[0] == made[1]
    assert Instance.objects.count() == 1
    assert problem(sender.send("POST", "/packets", body, key="")) == (
        422,
        "idempotency_key_required",
    )
    assert problem(sender.send("POST", "/packets", body)) == (409, "insufficient_balance")
    assert problem(stranger.send("POST", "/packets", body)) == (404, "not_found")
    code = made[0]["code"]
    assert (made[0]["state"], made[0]["taken"], made[0]["mine"]) == ("open", 0, None)
    assert made[0]["room_id"] == str(room.pk)

    address = f"/packets/{code}"
    assert problem(stranger.send("GET", address)) == (404, "not_found")
    assert problem(taker.send("POST", f"{address}/open", {})) == (409, "play_word")
    opened = taker.do("POST", f"{address}/open", {"word": "GONGXI"})
    assert (opened["taken"], opened["mine"]) == (1, {"amount": 300, "currency": "CNY"})
    assert taker.do("POST", f"{address}/open", {"word": "GONGXI"}) == opened
    assert [one["code"] for one in taker.get("/packets")["items"]] == [code]
    assert stranger.get("/packets")["items"] == []
    assert (credit(ana), credit(ben)) == (100, 300)
    assert verify().clean
