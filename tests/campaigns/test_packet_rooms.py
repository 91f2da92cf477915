"""Red packets in chat rooms: who sees and opens them, code words, bounds of a day, who may not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from banyan.campaigns import actions as campaigns
from banyan.campaigns.access import get_instance_for
from banyan.campaigns.models import Instance
from banyan.campaigns.problems import Refused
from banyan.campaigns.queries import plays_of
from banyan.chat import actions as chat
from banyan.chat.models import Message, Room
from banyan.config.env import CampaignLimits
from banyan.groups import actions as groups
from banyan.kernel import clock
from banyan.kernel.money import Money
from banyan.kernel.problems import Invalid, NotFound, Problem, TooMany
from banyan.ledger.proof import verify
from banyan.moderation.actions import list_word
from banyan.notify.models import Notification
from banyan.people import actions as people
from banyan.people.models import Account
from banyan.sharing.models import Link
from tests.campaigns.scene import SYSTEM, assert_sound, campaign, join, later
from tests.campaigns.test_red_packet import credit, rich
from tests.chat.test_rooms import friends
from tests.groups.circles import group, joined
from tests.moderation.test_cases import decide, reported
from tests.support import factories as make
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


@pytest.fixture
def still() -> Iterator[None]:
    """Let the clock stand: what is counted by the hour or the day is counted in one."""
    with clock.at(clock.now()):
        yield


def wealthy(who: Account, amount: int = 10_000) -> Account:
    """Give somebody credit."""
    return rich(amount, who)


def fill(
    who: Account, room: Room | None = None, total: int = 900, count: int = 3, **more: Any
) -> Instance:
    """Let somebody fill a packet of 9.00 for three."""
    key = more.pop("key", f"{who.pk}:{Instance.objects.count()}")
    wanted = campaigns.PacketInput(
        total=Money(total, "CNY"), count=count, room_id=room.pk if room else None, **more
    )
    return campaigns.fill_packet(actor=make.actor(who), data=wanted, key=key)


def pair() -> tuple[Account, Account, Room]:
    """Return two friends, of whom the first has credit, and their room."""
    ana, ben = friends()
    room = chat.open_direct(actor=make.actor(ana), account_id=ben.pk)
    return wealthy(ana), ben, room


def club() -> tuple[Account, Account, Account, Room]:
    """Return the owner of a group, who has credit, two members, and its room."""
    ana, ben, cem = (make.member() for _n in range(3))
    of = group(ana)
    for one in (ben, cem):
        joined(of, one)
    return wealthy(ana), ben, cem, chat.open_group_room(actor=make.actor(ana), group_id=of.pk)


def test_a_packet_in_a_group_is_a_card_that_says_how_it_stands() -> None:
    ana, ben, cem, room = club()
    told = Notification.objects.exclude(kind__startswith="chat").count()

    made = fill(ana, room, wish="Happy new year", key="same")
    again = fill(ana, room, wish="Happy new year", key="same")

    assert again.pk == made.pk, "a second press fills no second one"
    assert (Message.objects.get().card_kind, Message.objects.get().card_id) == ("play", made.pk)
    assert credit(ana) == 9_100
    before = client(ben).get(f"/chat/{room.pk}").content.decode()
    assert "Happy new year" in before
    assert f"{ana.display_name} · 0 of 3 opened" in before
    join(made, ben)
    page = client(cem).get(f"/chat/{room.pk}?first=1", headers={"hx-request": "true"})
    assert "1 of 3 opened" in page.content.decode()
    for who in (ana, cem):
        join(made, who)
    assert "All of it is gone." in client(cem).get(f"/chat/{room.pk}").content.decode()
    shown = client(cem).get(f"/play/{made.code}").content.decode()
    best = max(credit(who) - (9_100 if who == ana else 0) for who in (ana, ben, cem))
    assert f"The best luck was CN¥{best / 100:.2f}." in shown
    later_told = Notification.objects.exclude(kind__startswith="chat").filter(recipient=ana)
    assert later_told.filter(kind="campaign.drained").count() == 1
    assert Notification.objects.exclude(kind__startswith="chat").count() == told + 1
    assert_sound()
    assert verify().clean


def test_whoever_is_not_in_the_room_finds_nothing_nor_does_a_removed_member() -> None:
    ana, ben, cem, room = club()
    made = fill(ana, room)
    stranger = make.member()
    url = f"/play/{made.code}"
    groups.remove(actor=make.actor(ana), group_id=room.group_id or 0, account_id=ben.pk)

    for who in (stranger, ben):
        with pytest.raises(NotFound):
            join(made, who)
        assert client(who).get(url).status_code == 404
        assert client(who).post(f"{url}/join").status_code == 404
        assert credit(who) == 0
    assert client().get(url).status_code == 404
    assert client(cem).get(url).status_code == 200
    assert client(ana).get(f"/share/play/{made.pk}").status_code == 404, "it cannot be carried out"
    made.refresh_from_db()
    assert made.taken == 0


def test_who_has_left_sees_it_no_more_among_what_they_took_part_in() -> None:
    ana, ben, _cem, room = club()
    join(fill(ana, room), ben)
    assert len(plays_of(make.actor(ben))) == 1
    groups.remove(actor=make.actor(ana), group_id=room.group_id or 0, account_id=ben.pk)
    assert plays_of(make.actor(ben)) == []


def test_in_a_room_of_two_only_the_other_one_opens_it() -> None:
    ana, ben, room = pair()
    with pytest.raises(Invalid) as refused:
        fill(ana, room, count=2)
    assert "count" in refused.value.fields
    made = fill(ana, room, count=1)
    with pytest.raises(Refused, match="play_own"):
        join(made, ana)
    assert "Open the packet" not in client(ana).get(f"/play/{made.code}").content.decode()
    join(made, ben)
    assert (credit(ana), credit(ben)) == (9_100, 900)


def test_a_blocked_pair_has_no_packets_between_them() -> None:
    ana, ben, room = pair()
    made, open_to_all = fill(ana, room, count=1), fill(ana)
    people.block(actor=make.actor(ana), account_id=ben.pk)
    for one in (made, open_to_all):
        with pytest.raises(NotFound):
            join(one, ben)
    with pytest.raises(NotFound):
        fill(ana, room, count=1)
    assert credit(ben) == 0
    assert credit(ana) == 10_000 - 1_800


def test_a_refused_packet_leaves_neither_card_nor_money_behind() -> None:
    ana, _ben, _cem, room = club()
    with pytest.raises(Problem) as poor:
        fill(ana, room, total=10_001)
    assert poor.value.code == "insufficient_balance"
    with pytest.raises(Invalid):
        fill(ana, room, total=2, count=3)
    assert not Message.objects.exists()
    assert not Instance.objects.exists()
    assert credit(ana) == 10_000


@pytest.mark.usefixtures("still")
def test_whoever_types_the_code_word_opens_it_and_guesses_are_counted() -> None:
    ana = wealthy(make.member())
    made, ben, cem = fill(ana, word="Gong Xi"), make.member(), make.member()

    def tries(who: Account, word: str) -> Any:
        return join(made, who, given={"word": word})

    assert "Code word" in client(ben).get(f"/play/{made.code}").content.decode()
    with pytest.raises(Refused, match="play_word"):
        tries(ben, "")
    tries(ben, "ＧＯＮＧxi ")
    for _n in range(5):
        with pytest.raises(Refused, match="play_word"):
            tries(cem, "wrong")
    with pytest.raises(TooMany):
        tries(cem, "gongxi")
    made.refresh_from_db()
    assert made.taken == 1
    assert "gongxi" not in str(made.public)


@pytest.mark.usefixtures("still")
def test_nobody_sends_or_takes_more_in_a_day_than_the_installation_allows(settings: Any) -> None:
    settings.CAMPAIGN_LIMITS = CampaignLimits(
        packet_sent_day=1_800, packet_received_day=500
    ).model_dump()
    ana, ben = wealthy(make.member()), make.member()
    first = [fill(ana, count=3, mode="equal") for _n in range(2)]
    with pytest.raises(Refused, match="play_sent_day"):
        fill(ana, total=1, count=1)
    assert credit(ana) == 8_200
    join(first[0], ben)
    with pytest.raises(Refused, match="play_received_day"):
        join(first[1], ben)
    first[1].refresh_from_db()
    assert (credit(ben), first[1].taken) == (300, 0), "the share stays for others"
    later(first[1])
    assert credit(ana) == 8_200 + 600 + 900
    assert_sound()


def test_the_suspended_take_no_share_and_it_stays_for_others() -> None:
    made, ben = fill(wealthy(make.member())), make.member()
    _post, case = reported(author=ben)
    decide(case, "suspend")
    with pytest.raises(Refused, match="play_suspended"):
        join(made, ben)
    made.refresh_from_db()
    assert (made.taken, credit(ben)) == (0, 0)


def test_what_is_left_goes_back_and_the_sender_is_told_how_much() -> None:
    ana, ben, _cem, room = club()
    made = fill(ana, room, total=900, count=3, mode="equal")
    join(made, ben)
    later(made)
    assert credit(ana) == 10_000 - 300
    page = client(ana).get("/notifications").content.decode()
    assert "CN¥6.00 that nobody took is back in your wallet." in page
    assert "It is closed." in client(ben).get(f"/chat/{room.pk}").content.decode()


def test_without_a_wallet_there_is_no_entry_and_the_action_refuses(settings: Any) -> None:
    ana, _ben, _cem, room = club()
    browser = client(ana)
    assert "/me/packets/new" in browser.get("/me").content.decode()
    assert f"/me/packets/new?room={room.pk}" in browser.get(f"/chat/{room.pk}").content.decode()
    settings.PAYMENT_PROVIDERS = ["sandbox"]
    assert "/me/packets/new" not in browser.get("/me").content.decode()
    assert "/me/packets/new" not in browser.get(f"/chat/{room.pk}").content.decode()
    assert browser.get("/me/packets/new").status_code == 404
    with pytest.raises(Refused, match="play_wallet_off"):
        fill(ana, room)
    of = campaigns.standing_campaign(mechanic_code="red_packet", currency="CNY")
    with pytest.raises(Refused, match="play_wallet_off"):
        campaigns.begin(actor=make.actor(ana), code=of.code, given={"total": "9", "count": "1"})
    assert credit(ana) == 10_000


def test_the_form_says_what_is_wrong_and_where_credit_comes_from() -> None:
    ana, _ben, _cem, room = club()
    poor = client(make.member()).get("/me/packets/new").content.decode()
    assert "A refund can come back as credit" in poor
    browser, url = client(ana), f"/me/packets/new?room={room.pk}"
    assert "CN¥100.00" in browser.get(url).content.decode()
    form = {
        "currency": "CNY",
        "total": "9",
        "count": "3",
        "mode": "equal",
        "room": room.pk,
        "key": "k",
    }
    for wrong in ({"total": "abc"}, {"total": "1000"}, {"count": "0"}, {"currency": "XXX"}):
        assert browser.post(url, form | wrong).status_code in {409, 422}
    assert not Instance.objects.exists()
    assert client(make.member()).post(url, form).status_code in {404, 422}
    assert browser.post(url, form)["Location"] == f"/chat/{room.pk}#say"
    assert browser.post(url, form | {"room": "", "key": "l"})["Location"].startswith("/play/")
    made = Instance.objects.get(place="")
    assert get_instance_for(make.actor(make.member()), made.code).pk == made.pk
    assert campaigns.advance(actor=SYSTEM) == 0


def test_a_packet_for_whoever_has_the_link_is_shown_in_a_chat_as_the_senders_own_link() -> None:
    ana, ben, _cem, room = club()
    made = fill(ana)
    sent = client(ben).post(f"/chat/share/play/{made.pk}", {"room": str(room.pk)})
    assert sent.status_code == 302
    message = Message.objects.get()
    link = Link.objects.get(pk=message.card_id or 0)
    assert (message.card_kind, link.owner, link.target_id) == ("link", ben, made.pk)


def test_words_that_wait_for_a_moderator_are_no_wish() -> None:
    boss = make.actor(make.staff("moderation"))
    list_word(actor=boss, text="pills", effect="hold", reason="test")
    with pytest.raises(Invalid) as refused:
        fill(wealthy(make.member()), wish="Cheap pills")
    assert (refused.value.code, list(refused.value.fields)) == ("words_blocked", ["wish"])
    assert not Instance.objects.exists()


def test_a_shops_campaign_has_bounds_of_its_own() -> None:
    of = campaign(make.shop(), "red_packet", budget=0, most=500, packets=1)
    ana = wealthy(make.member())
    page = client(ana).get(f"/campaign/{of.code}").content.decode()
    assert f"/me/packets/new?campaign={of.code}" in page
    with pytest.raises(Invalid) as refused:
        fill(ana, campaign=of.code)
    assert list(refused.value.fields) == ["total"]
    assert fill(ana, total=500, campaign=of.code).campaign_id == of.pk
    with pytest.raises(Refused, match="play_turns"):
        fill(ana, total=500, campaign=of.code)
    assert credit(ana) == 9_500
