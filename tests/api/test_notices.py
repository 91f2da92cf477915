"""A program reads what its owner was told and sets the switches."""

from __future__ import annotations

import pytest

from banyan.notify.actions import notify
from tests.support import factories as make

from .client import Program, problem

pytestmark = pytest.mark.django_db


def test_a_program_pages_through_what_its_owner_was_told() -> None:
    ana, ben = make.member("ana"), make.member("ben")
    for n in range(3):
        notify(recipient_id=ana.pk, kind="follow", group_key=f"g{n}", actor_id=ben.pk)
    program = Program(ana)

    first = program.get("/me/notifications?limit=2")
    assert (len(first["items"]), first["unread"]) == (2, 3)
    assert first["items"][0]["text"] == "Ben follows you."
    assert first["items"][0]["people"][0]["handle"] == "ben"
    rest = program.get(f"/me/notifications?limit=2&before={first['next'].replace('+', '%2B')}")
    assert len(rest["items"]) == 1
    assert rest["next"] is None

    program.do("POST", f"/me/notifications/{rest['items'][0]['id']}/read")
    assert program.get("/me/notifications?show=unread")["unread"] == 2
    program.do("POST", "/me/notifications/read")
    assert program.get("/me/notifications?show=unread")["items"] == []


def test_a_program_sets_switches_of_known_families() -> None:
    program = Program(make.member())
    off = {"page": True, "push": False, "email": False}
    program.do("PUT", "/me/notification-switches/people", off)
    told = {row["family"]: row for row in program.get("/me/notification-switches")}
    assert told["people"] == {"family": "people", **off}
    assert told["messages"]["push"]
    assert problem(program.send("PUT", "/me/notification-switches/nonsense", off))[0] == 404
