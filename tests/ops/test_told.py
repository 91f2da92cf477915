"""What the reference says comes of a mechanic is what comes of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from banyan.campaigns.mechanic import mechanics
from banyan.campaigns.models import Instance
from banyan.kernel import relay
from banyan.kernel.events import registry
from banyan.kernel.models import StoredEvent
from banyan.ledger.models import Journal
from banyan.notify import kinds
from banyan.notify.models import Notification
from banyan.ops import documents, told
from tests.campaigns.plays import likes, pack, packet
from tests.campaigns.scene import crowd, help_, join

TO_SHOPS = {"campaign.blocked", "campaign.outside_shown"}


def every(said: Callable[..., list[str]]) -> set[str]:
    return {name for kind in mechanics().values() for name in said(kind)}


def test_every_mechanic_has_a_section_with_all_of_it() -> None:
    parts = documents.mechanic_pages().split("\n## ")
    for kind in mechanics().values():
        (mine,) = [part for part in parts if f"(`{kind.code}`)" in part.splitlines()[0]]
        for heading in ("Refusals of its own: ", "Events of its plays: ", "Notices: "):
            assert heading in mine, kind.code
        assert "Posted to the ledger: " in mine
        assert "| term | what is asked | kind | usual | bounds |" in mine
        assert "stateDiagram-v2" in mine


def test_every_notice_of_a_play_is_told_of_a_mechanic() -> None:
    known = {one.name for one in kinds.registered() if one.name.startswith("campaign.")}
    assert {
        one for one in every(told.notices_of) if one.startswith("campaign.")
    } == known - TO_SHOPS


def test_every_event_of_a_play_is_told_of_a_mechanic() -> None:
    known = {name for name in registry if name.startswith("play.")}
    assert {name for name in every(told.events_of) if name.startswith("play.")} == known


def test_every_effect_comes_from_a_mechanic() -> None:
    made = {one for kind in mechanics().values() for one in told.effects_of(kind)}
    assert made == set(told.EFFECTS.values())


def test_whatever_moves_money_says_what_it_posts() -> None:
    moving = {one.__name__ for one in told.EFFECTS.values() if told.posts(one)}
    assert moving == {"Fund", "PayOut", "PayOwed", "Forgo", "Bear"}
    assert all(told.posted_for(one) for one in told.EFFECTS.values() if told.posts(one))


@pytest.mark.django_db
@pytest.mark.parametrize("begin", [likes, pack, packet], ids=lambda begin: begin.__name__)
def test_what_comes_of_a_real_play_is_in_its_section(begin: Callable[..., Instance]) -> None:
    play = begin(2)
    verb = help_ if "help" in mechanics()[play.campaign.mechanic].scarce else join
    for who in crowd(2):
        verb(play, who)
    relay.drain()

    kind = mechanics()[play.campaign.mechanic]
    emitted = set(
        StoredEvent.objects.filter(name__startswith="play.").values_list("name", flat=True)
    )
    assert len(emitted) >= 3
    assert emitted <= set(told.events_of(kind))
    noticed = set(Notification.objects.values_list("kind", flat=True))
    assert {one for one in noticed if one.startswith("campaign.")} <= set(told.notices_of(kind))
    posted = Journal.objects.filter(key__startswith="play:").exists()
    assert posted == bool(told.posted_by(kind))
