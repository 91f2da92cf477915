"""Red packets under fire: the bound of a person's day, and the room's last share."""

from __future__ import annotations

from typing import Any

import pytest

from banyan.campaigns import actions as campaigns
from banyan.campaigns.actions.playing import Played
from banyan.campaigns.mechanics import red_packet
from banyan.campaigns.models import Instance
from banyan.campaigns.problems import Refused
from banyan.chat.models import Message
from banyan.config.env import CampaignLimits
from banyan.kernel import clock
from banyan.kernel.models import RateBucket
from banyan.kernel.money import Money
from banyan.kernel.problems import TooMany
from banyan.ledger.proof import verify
from tests.campaigns.scene import assert_sound, join, somebody
from tests.campaigns.test_packet_rooms import club, fill
from tests.campaigns.test_red_packet import credit, rich
from tests.support import factories as make
from tests.support.threads import kinds, run_at_once
from tests.support.weakened import rendezvous

pytestmark = pytest.mark.usefixtures("threaded_db")


@pytest.fixture
def bounds(settings: Any) -> None:
    """Let nobody take more than one share of 3.00 in a day."""
    settings.CAMPAIGN_LIMITS = CampaignLimits(packet_received_day=500).model_dump()


def _packets(n: int) -> list[Instance]:
    ana = rich()
    return [fill(ana, mode="equal") for _n in range(n)]


@pytest.mark.usefixtures("bounds")
def test_shares_of_many_packets_at_once_do_not_pass_the_bound_of_a_day() -> None:
    with clock.at(clock.now()):
        packets, ben = _packets(4), somebody()
        found = run_at_once(*(lambda one=one: join(one, ben) for one in packets))
    assert sum(isinstance(one, Played) for one in found) == 1, kinds(found)
    assert sum(isinstance(one, Refused) for one in found) == 3, kinds(found)
    assert credit(ben) == 300
    assert_sound()
    assert verify().clean


@pytest.mark.usefixtures("bounds")
def test_control_read_first_and_counted_later_the_bound_is_passed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with clock.at(clock.now()):
        packets, ben = _packets(2), somebody()
        both_have_read = rendezvous(2)

        def read_then_write(key: str, limit: int, window: int, *, weight: int = 1) -> int:
            before = RateBucket.objects.filter(key=key).first()
            if (before.hits if before else 0) + weight > limit:
                raise TooMany()
            both_have_read()
            return limit - weight

        monkeypatch.setattr(red_packet, "hit", read_then_write)
        found = run_at_once(*(lambda one=one: join(one, ben) for one in packets))
    assert sum(isinstance(one, Played) for one in found) == 2, kinds(found)
    assert credit(ben) == 600


def test_the_same_form_sent_many_times_at_once_fills_one_packet_and_shows_one_card() -> None:
    ana, _ben, _cem, room = club()
    wanted = campaigns.PacketInput(total=Money(900, "CNY"), count=3, room_id=room.pk)

    def press() -> Instance:
        return campaigns.fill_packet(actor=make.actor(ana), data=wanted, key="one form")

    found = run_at_once(*(press for _n in range(4)))
    assert {one.pk for one in found if isinstance(one, Instance)} == {Instance.objects.get().pk}
    assert all(isinstance(one, Instance) for one in found), kinds(found)
    assert Message.objects.count() == 1
    assert credit(ana) == 9_100
    assert_sound()
