"""Mechanic 2.10: red packets out of one's own credit."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from banyan.campaigns import actions as campaigns
from banyan.campaigns import verifier
from banyan.campaigns.access import get_instance_for
from banyan.campaigns.actions.packets import PacketInput
from banyan.campaigns.blocks import Next, Won
from banyan.campaigns.honour import blocks_of
from banyan.campaigns.mechanic import terms_of
from banyan.campaigns.models import Instance
from banyan.campaigns.problems import Refused
from banyan.campaigns.proofs import proof_file
from banyan.campaigns.queries import MOST_SHOWN, shown
from banyan.groups import actions as groups
from banyan.kernel.money import Money
from banyan.kernel.problems import Invalid, Problem
from banyan.ledger.models import Account as Book
from banyan.ledger.proof import verify
from banyan.notify.kinds import Happening, require
from banyan.notify.models import Notification
from banyan.payments.actions.credit import issue_credit
from banyan.people.models import Account
from tests.campaigns.phones import Phone
from tests.campaigns.scene import SYSTEM, assert_sound, campaign, crowd, join, later, somebody
from tests.groups.circles import group, joined
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def rich(amount: int = 10_000, who: Account | None = None) -> Account:
    """Return somebody with credit."""
    who = who or somebody()
    issue_credit(
        actor=SYSTEM, account_id=who.pk, amount=Money(amount, "CNY"), key=str(who.pk), reason="gift"
    )
    return who


def credit(who: Account) -> int:
    found = Book.objects.filter(kind="wallet", owner_id=who.pk).first()
    return found.balance if found else 0


def packet(who: Account, total: int = 1_000, count: int = 3, **more: Any) -> Instance:
    of = campaigns.standing_campaign(mechanic_code="red_packet", currency="CNY")
    given = {"total": str(total), "count": str(count)} | more
    return campaigns.begin(actor=make.actor(who), code=of.code, given=given)


@pytest.mark.parametrize("mode", ["equal", "random"])
def test_every_cent_arrives_and_the_ledger_is_zero(mode: str) -> None:
    ana, friends = rich(), crowd(3)
    made = packet(ana, 1_000, 3, mode=mode)
    assert credit(ana) == 9_000
    for who in friends:
        join(made, who)
    shares = [credit(who) for who in friends]
    assert sum(shares) == 1_000
    assert all(shares)
    if mode == "equal":
        assert sorted(shares) == [333, 333, 334]
    made.refresh_from_db()
    assert made.state == "drained"
    assert all(verifier.verify(proof_file(made)).values())
    assert_sound()
    assert verify().clean


def test_who_is_one_of_very_many_sees_their_own_share() -> None:
    made, friends = packet(rich(), 1_000, MOST_SHOWN + 2, mode="equal"), crowd(MOST_SHOWN + 1)
    for who in friends:
        join(made, who)
    for who in (friends[0], friends[-1]):
        seen = blocks_of(shown(make.actor(who), get_instance_for(make.actor(who), made.code)))
        assert [one for one in seen if isinstance(one, Won)], "it is in their wallet"
        assert not [one for one in seen if isinstance(one, Next)], "nothing is left to do"


def test_m10_expiry() -> None:
    ana, ben = rich(), somebody()
    made = packet(ana, 1_000, 4)
    join(made, ben)
    later(made)
    assert made.state == "returned"
    assert credit(ana) + credit(ben) == 10_000
    assert_sound()
    assert verify().clean
    later(made)
    assert credit(ana) + credit(ben) == 10_000, "given back once"


def test_too_little_credit_begins_nothing() -> None:
    ana = rich(500)
    with pytest.raises(Problem) as refused:
        packet(ana, 1_000, 3)
    assert refused.value.code == "insufficient_balance"
    assert not Instance.objects.exists()
    assert credit(ana) == 500


def test_m10_partial_fill_t_equal_n_gives_everybody_one() -> None:
    ana, friends = rich(), crowd(3)
    made = packet(ana, 3, 3)
    for who in friends:
        join(made, who)
    assert [credit(who) for who in friends] == [1, 1, 1]
    assert_sound()


@pytest.mark.parametrize(
    "given",
    [
        {"total": 2, "count": 3},
        {"total": 30_000},
        {"total": -5},
        {"count": 0},
        {"count": 101},
        {"mode": "odd"},
        {"wish": "x" * 61},
        {"total": "1e9"},
    ],
)
def test_what_cannot_be_split_is_refused(given: dict[str, Any]) -> None:
    ana = rich(100_000)
    values = {"total": 1_000, "count": 3} | given
    with pytest.raises(Invalid):
        packet(ana, **values)
    assert credit(ana) == 100_000
    assert not Instance.objects.exists()


def test_who_comes_too_late_is_told_in_two_statements() -> None:
    made = packet(rich(), 10, 1)
    join(made, somebody())
    late = make.actor(somebody())
    with CaptureQueriesContext(connection) as seen, pytest.raises(Refused, match="play_drained"):
        campaigns.play(actor=late, code=made.code, verb="join")
    assert len(seen) <= 2
    assert not any("FOR NO KEY" in one["sql"] for one in seen)


def test_nobody_takes_two_shares() -> None:
    made, ben = packet(rich()), somebody()
    first = join(made, ben)
    again = join(made, ben)
    assert again.repeated
    assert credit(ben) == first.mine.amount
    assert_sound()


def test_m10_self_assist() -> None:
    ana = rich()
    made = packet(ana)
    assert terms_of(made).sender, "in our own packets the sender may take a share, once"
    join(made, ana)
    assert join(made, ana).repeated
    shop = make.shop()
    own = campaign(shop, "red_packet", sender=False)
    given = {"total": "300", "count": "3"}
    other = campaigns.begin(actor=make.actor(ana), code=own.code, given=given)
    with pytest.raises(Refused, match="play_own"):
        join(other, ana)
    assert credit(ana) == 10_000 - 1_000 - 300 + made.participations.get().amount
    assert_sound()


def test_a_notice_of_the_platforms_own_campaign_is_in_the_readers_language() -> None:
    with translation.override("zh-hans"):
        campaigns.standing_campaign(mechanic_code="red_packet", currency="CNY")
    made = packet(rich(), count=2)
    for who in crowd(2):
        join(made, who)
    told = Notification.objects.get(recipient=made.owner, kind="campaign.drained")
    assert told.data == {"mechanic": "red_packet"}
    words = require("campaign.drained").tell
    happening = Happening(n=1, names=(), who="", data=told.data)
    for language, title in (("en", "Red packet"), ("zh-hans", "红包")):
        with translation.override(language):
            assert title in words(happening)


def test_m10_new_user_only_breach() -> None:
    ana, ben, cy = rich(), somebody(), somebody()
    make.pay(make.place((make.variant(), 1), buyer=ben))
    made = packet(ana, audience="new")
    assert "friends who have not bought anything here yet" in Phone(ben).look(f"/play/{made.code}")
    with pytest.raises(Refused, match="play_newcomers_only"):
        join(made, ben)
    join(made, cy)
    made.refresh_from_db()
    assert (made.taken, credit(ben)) == (1, 0)
    assert_sound()


def test_a_packet_for_a_group_is_for_who_is_in_it_now() -> None:
    ana, ben, cy = rich(), somebody(), somebody()
    circle = group(ana)
    joined(circle, ben)
    made = packet(ana, audience=f"group:{circle.pk}")
    with pytest.raises(Refused, match="play_members_only"):
        join(made, cy)
    groups.leave(actor=make.actor(ben), group_id=circle.pk)
    with pytest.raises(Refused, match="play_members_only"):
        join(made, ben)
    assert not made.participations.exists()
    groups.join(actor=make.actor(ben), group_id=circle.pk)
    assert circle.name in Phone(ben).look(f"/play/{made.code}")
    join(made, ben)
    with pytest.raises(Invalid) as refused:
        packet(cy, audience=f"group:{circle.pk}")
    assert list(refused.value.fields) == ["audience"]
    assert_sound()


def test_the_luckiest_is_the_earliest_of_the_largest_shares() -> None:
    made, friends = packet(rich(), 3, 3), crowd(3)
    for who in friends:
        join(made, who, given={"named": "1"})
    first = friends[0].display_name
    assert f"{first} had the best luck" in Phone(friends[2]).look(f"/play/{made.code}")


def test_yen_have_no_decimals() -> None:
    ana, friends = somebody(), crowd(3)
    whole = Money(1_000, "JPY")
    issue_credit(actor=SYSTEM, account_id=ana.pk, amount=whole, key="yen", reason="gift")
    data = PacketInput(total=whole, count=3, mode="equal")
    made = campaigns.fill_packet(actor=make.actor(ana), data=data, key="yen")
    for who in friends:
        join(made, who)
    got = Book.objects.filter(kind="wallet", currency="JPY", owner_id__in=[f.pk for f in friends])
    assert sorted(book.balance for book in got) == [333, 333, 334]
    page = Phone(friends[0]).look(f"/play/{made.code}")
    assert "333" in page or "334" in page
    assert "333.00" not in page
    assert verify().clean
    assert_sound()
