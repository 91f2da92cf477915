"""A program reads what its owner was told and sets the switches."""

from __future__ import annotations

import datetime as dt

import pytest

from banyan.kernel import clock
from banyan.notify.actions import notify
from banyan.notify.models import Notification
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
    rest = program.get(f"/me/notifications?limit=2&before={first['next']}")
    assert len(rest["items"]) == 1
    assert rest["next"] is None

    program.do("POST", f"/me/notifications/{rest['items'][0]['id']}/read")
    assert program.get("/me/notifications?show=unread")["unread"] == 2
    program.do("POST", "/me/notifications/read")
    assert program.get("/me/notifications?show=unread")["items"] == []


def test_what_was_told_in_one_instant_is_on_one_page_or_the_next() -> None:
    ana, ben = make.member("ana"), make.member("ben")
    for n in range(5):
        notify(recipient_id=ana.pk, kind="follow", group_key=f"g{n}", actor_id=ben.pk)
    at = clock.now().replace(microsecond=123_456)
    for n, row in enumerate(Notification.objects.order_by("pk")):
        # Two of the same microsecond, the others of the same millisecond.
        Notification.objects.filter(pk=row.pk).update(
            updated_at=at + dt.timedelta(microseconds=n // 2)
        )
    program, seen, further = Program(ana), [], ""
    while True:
        page = program.get(f"/me/notifications?limit=1{further}")
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        further = f"&before={page['next']}"

    assert seen == [str(pk) for pk in sorted(map(int, seen), reverse=True)]
    assert len(seen) == 5


@pytest.mark.parametrize("odd", ["2026-11-28T05:00:00Z", "1", "-1-1", "1-x"])
def test_a_cursor_that_is_none_of_ours_is_refused(odd: str) -> None:
    assert Program(make.member()).send("GET", f"/me/notifications?before={odd}").status_code == 422


def test_a_program_sets_switches_of_known_families() -> None:
    program = Program(make.member())
    off = {"page": True, "push": False, "email": False}
    program.do("PUT", "/me/notification-switches/people", off)
    told = {row["family"]: row for row in program.get("/me/notification-switches")}
    assert told["people"] == {"family": "people", **off}
    assert told["messages"]["push"]
    assert problem(program.send("PUT", "/me/notification-switches/nonsense", off))[0] == 404
