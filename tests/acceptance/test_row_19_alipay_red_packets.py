"""Row 19: friends, groups and red packets out of a wallet: sum exact, what is left comes back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from banyan.campaigns.jobs import advance
from banyan.campaigns.models import Instance, Participation
from banyan.campaigns.proof import campaign_audit
from banyan.chat.models import Room
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.ledger.proof import verify
from banyan.payments.actions.credit import issue_credit
from banyan.payments.queries import wallet_balance
from banyan.people.models import Account
from tests.groups.circles import group, joined
from tests.support import factories as make
from tests.support.pages import Page
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


def credit(who: Account) -> int:
    """Return what is in somebody's wallet, in fen."""
    return wallet_balance(account_id=who.pk, currency="CNY").amount


def give(who: Account, amount: int) -> None:
    """Give somebody credit, as a refund would."""
    issue_credit(
        actor=Actor.system("test"),
        account_id=who.pk,
        amount=Money(amount, "CNY"),
        key=f"row-19:{who.pk}",
        reason="gift",
    )


def fill(browser: Client, room: Room, **typed: Any) -> Instance:
    """Fill a packet by the form that the chat leads to; return it."""
    chat = browser.get(f"/chat/{room.pk}").content.decode()
    way = re.search(r'href="(/me/packets/new\?room=\d+)"', chat)
    assert way
    page = browser.get(way.group(1)).content.decode()
    assert not Page(page).faults
    form = next(one.fields for one in Page(page).forms if "total" in one.fields)
    answer = browser.post(way.group(1), form | {"room": str(room.pk)} | typed)
    assert answer.status_code == 302, answer.content.decode()
    assert answer["Location"] == f"/chat/{room.pk}#say"
    return Instance.objects.order_by("-id")[0]


def test_row_19_packets_of_friends_and_groups_are_exact_and_the_rest_comes_back() -> None:
    # given friends in a group, one of whom has 100.00 of credit, and a stranger
    ana, ben, cem, dan = (make.member(name) for name in ("ana", "ben", "cem", "dan"))
    stranger = client(make.member("eve"))
    give(ana, 10_000)
    kiln = group(ana, name="Kiln")
    for who in (ben, cem, dan):
        joined(kiln, who)
    at = {who: client(who) for who in (ana, ben, cem, dan)}
    at[ana].get(f"/chat/group/{kiln.slug}")
    club = Room.objects.get(group=kiln)

    # when she fills one of equal shares, and one by luck, in the group's chat
    equal = fill(at[ana], club, total="10.00", count="3", mode="equal", wish="Good luck")
    luck = fill(at[ana], club, total="20.00", count="3", mode="random")
    assert credit(ana) == 7_000
    page = at[ben].get(f"/chat/{club.pk}").content.decode()
    assert "Good luck" in page
    assert page.count("Ana · 0 of 3 opened") == 2

    # then whoever is not in the group finds neither, and all that is taken is the whole sum
    for packet in (equal, luck):
        assert stranger.get(f"/play/{packet.code}").status_code == 404
        assert stranger.post(f"/play/{packet.code}/join").status_code == 404
        for who in (ben, cem, dan, ben):
            at[who].post(f"/play/{packet.code}/join", {"named": "1"})
    shares = [
        list(
            Participation.objects.filter(instance=one, role="taker")
            .order_by("place")
            .values_list("amount", flat=True)
        )
        for one in (equal, luck)
    ]
    assert shares[0] == [334, 333, 333]
    assert sum(shares[1]) == 2_000
    assert min(shares[1]) >= 1
    assert credit(ben) + credit(cem) + credit(dan) == 3_000
    assert "had the best luck" in at[cem].get(f"/play/{luck.code}").content.decode()
    assert "All of it is gone." in at[cem].get(f"/chat/{club.pk}").content.decode()

    # and of one that not everybody opens, the rest comes back after 24 hours, once
    left = fill(at[ana], club, total="9.00", count="3", mode="equal")
    at[ben].post(f"/play/{left.code}/join")
    with clock.at(left.opened_at + (left.deadline - left.opened_at) * 0.99):
        advance(timestamp=0)
        assert credit(ana) == 6_100
    assert (left.deadline - left.opened_at).total_seconds() == 24 * 3_600
    with clock.at(left.deadline):
        advance(timestamp=0)
        advance(timestamp=0)
        late = at[cem].post(f"/play/{left.code}/join", follow=True).content.decode()
    assert "This is over." in late
    assert credit(ana) == 6_700
    assert "CN¥6.00 that nobody took" in at[ana].get("/notifications").content.decode()
    assert "Came back from a red packet" in at[ana].get("/me/wallet").content.decode()
    assert sum(credit(who) for who in at) == 10_000
    assert campaign_audit() == {}
    assert verify().clean


def test_row_19_between_two_friends_only_the_other_one_opens_it() -> None:
    ana, ben = make.member("ana"), make.member("ben")
    give(ana, 500)
    one, other = client(ana), client(ben)
    other.post("/people/ana/follow")
    one.post("/chat/with/ben", {"body": "Happy birthday"})
    room = Room.objects.get()
    assert room.state == "open"

    made = fill(one, room, total="5.00", count="1", mode="equal")
    one.post(f"/play/{made.code}/join")
    assert (credit(ana), credit(ben)) == (0, 0), "not the sender"
    other.post(f"/play/{made.code}/join")
    assert (credit(ana), credit(ben)) == (0, 500)
    assert verify().clean
