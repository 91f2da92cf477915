"""Programs follow, ask, answer, mute, block and keep lists as the pages do."""

from __future__ import annotations

import pytest

from banyan.people.models import Block, Follow, ListEntry
from tests.api.client import Program, problem
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def test_a_request_is_asked_and_answered() -> None:
    ana, ben = Program(make.member("ana")), Program(make.member("ben", approves_followers=True))
    asked = ana.do("PUT", "/people/ben/follow")
    assert (asked["is_following"], asked["is_requested"]) == (False, True)
    assert [one["handle"] for one in ben.get("/me/requests")["items"]] == ["ana"]
    assert ben.get("/people/ana")["requests_me"]
    answered = ben.do("PUT", "/me/requests/ana")
    assert answered["follows_me"]
    assert ana.get("/people/ben")["is_following"]
    assert ana.get("/me/friends")["items"] == []
    level = ana.do("PUT", "/people/ben/follow/level", {"level": "no_reposts"})
    assert level["level"] == "no_reposts"
    ben.do("PUT", "/people/ana/follow")
    assert [one["handle"] for one in ana.get("/me/friends")["items"]] == ["ben"]
    assert not ben.do("DELETE", "/people/ana/follower")["follows_me"]
    ana.do("PUT", "/people/ben/follow")
    ben.do("DELETE", "/me/requests/ana")
    assert Follow.objects.get().followee.handle == "ana"


def test_mutes_and_blocks() -> None:
    ana, ben = Program(make.member("ana")), make.member("ben")
    assert ana.do("PUT", "/people/ben/mute", {"span": "week"})["is_muted"]
    ana.do("POST", "/me/mutes", {"kind": "topic", "words": "Tea"})
    topic, person = ana.get("/me/mutes")
    assert (topic["words"], topic["shown"], topic["expires_at"]) == ("tea", "none", None)
    assert person["person"]["handle"] == "ben"
    ana.do("DELETE", f"/me/mutes/{topic['id']}")
    assert not ana.do("DELETE", "/people/ben/mute")["is_muted"]
    ana.do("PUT", "/people/ben/mute", {"span": "less"})
    assert ana.get("/me/mutes")[0]["shown"] == "less"

    for _again in range(2):
        ana.do("PUT", "/people/ben/block")
    assert Block.objects.count() == 1
    assert [one["handle"] for one in ana.get("/me/blocks")] == ["ben"]
    assert ana.get("/me/mutes") == [], "who is blocked is shown on the list of blocks only"
    assert problem(ana.send("GET", "/people/ben")) == (404, "not_found")
    assert problem(Program(ben).send("PUT", "/people/ana/mute", {})) == (404, "not_found")
    for _again in range(2):
        ana.do("DELETE", "/people/ben/block")
    assert not Block.objects.exists()


def test_lists_of_people() -> None:
    ana = Program(make.member("ana"))
    make.member("ben")
    made = ana.do("POST", "/me/lists", {"name": "Near"})
    path = f"/me/lists/{made['id']}"
    for _again in range(2):
        ana.do("PUT", f"{path}/people/ben")
    assert [one["handle"] for one in ana.get(f"{path}/people")] == ["ben"]
    assert ana.do("PATCH", path, {"name": "Nearest"})["people"] == 1
    assert [one["name"] for one in ana.get("/me/lists")] == ["Nearest"]
    assert problem(ana.send("POST", "/me/lists", {"name": "nearest"}))[0] == 422
    assert problem(ana.send("PUT", f"{path}/people/ana")) == (409, "oneself")
    assert problem(ana.send("PUT", f"{path}/people/nobody")) == (404, "not_found")
    ana.do("DELETE", f"{path}/people/ben")
    assert not ListEntry.objects.exists()
    ana.do("DELETE", path)
    assert problem(ana.send("GET", f"{path}/people")) == (404, "not_found")
