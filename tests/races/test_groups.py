"""Groups under fire: the last seat, two owners, one invitation, one notice too many, three pins."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest
from django.db.models import F

from banyan.groups import actions as groups
from banyan.groups import ports
from banyan.groups.actions import invitations as invitations_module
from banyan.groups.actions import members as members_module
from banyan.groups.actions import offers as offers_module
from banyan.groups.models import Group, Invitation, Membership, Notice, Offer, Pick
from banyan.kernel.problems import Problem
from banyan.people.models import Account
from tests.groups import circles
from tests.sandbox.driver import wait_for
from tests.support import factories as make
from tests.support.threads import kinds, run_at_once, somebody_waits
from tests.support.weakened import meet, without_check

pytestmark = pytest.mark.usefixtures("threaded_db")


def codes(results: list[Any]) -> list[str]:
    return sorted(result.code for result in results if isinstance(result, Problem))


def joining(circle: Group, accounts: list[Account]) -> list[Any]:
    return run_at_once(
        *[
            lambda who=account: groups.join(actor=make.actor(who), group_id=circle.pk)
            for account in accounts
        ]
    )


def test_of_eight_who_want_the_last_two_seats_two_get_them() -> None:
    circle = circles.group(most_members=3)

    results = joining(circle, [make.member() for _ in range(8)])

    assert codes(results) == ["group_full"] * 6, kinds(results)
    assert circles.counted(circle) == circles.recounted(circle) == (3, 1)


def test_control_without_the_condition_the_group_overflows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    circle = circles.group(most_members=3)

    def read_then_write(group_id: int) -> None:
        group = Group.objects.get(pk=group_id)
        assert group.most_members is None or group.members < group.most_members
        members_module.looked()  # type: ignore[attr-defined]
        Group.objects.filter(pk=group_id).update(members=F("members") + 1)

    monkeypatch.setattr(members_module, "looked", lambda: None, raising=False)
    meet(monkeypatch, members_module, "looked", 8)
    monkeypatch.setattr(members_module, "_take_seat", read_then_write)
    with without_check("groups_group", "group_members_fit"):
        results = joining(circle, [make.member() for _ in range(8)])
        over = circles.recounted(circle)[0]
        Group.objects.update(most_members=None)

    assert over > 3, kinds(results)


def test_one_person_on_two_phones_is_one_member() -> None:
    circle, ben = circles.group(), make.member()

    results = joining(circle, [ben] * 6)

    assert not codes(results), results
    assert circles.counted(circle) == circles.recounted(circle) == (2, 1)


def two_owners() -> tuple[Group, list[Account]]:
    ana, ben = make.member(), make.member()
    circle = circles.group(ana)
    circles.joined(circle, ben)
    groups.set_role(actor=make.actor(ana), group_id=circle.pk, account_id=ben.pk, role="owner")
    return circle, [ana, ben]


def leaving(circle: Group, owners: list[Account]) -> list[Any]:
    return run_at_once(
        *[
            lambda who=owner: groups.leave(actor=make.actor(who), group_id=circle.pk)
            for owner in owners
        ]
    )


@pytest.mark.parametrize("round_", range(3))
def test_of_two_owners_who_leave_at_once_one_stays(round_: int) -> None:
    circle, owners = two_owners()

    results = leaving(circle, owners)

    assert codes(results) == ["last_owner"], results
    assert circles.counted(circle) == circles.recounted(circle) == (1, 1)


def test_two_owners_who_unseat_each_other_leave_one() -> None:
    circle, (ana, ben) = two_owners()

    def unseat(who: Account, other: Account) -> Any:
        return lambda: groups.set_role(
            actor=make.actor(who), group_id=circle.pk, account_id=other.pk, role="member"
        )

    run_at_once(unseat(ana, ben), unseat(ben, ana))

    assert circles.counted(circle) == circles.recounted(circle) == (2, 1)


def test_control_without_the_condition_a_group_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    circle, owners = two_owners()

    def look(group_id: int) -> int:
        return Membership.objects.filter(group_id=group_id, role="owner").count()

    monkeypatch.setattr(members_module, "look", look, raising=False)
    meet(monkeypatch, members_module, "look", 2)

    def read_then_write(group_id: int, *, members: int = 0, owners: int = 0) -> None:
        # each has taken its own row away already, and sees the other's
        assert members_module.look(group_id) >= 1  # type: ignore[attr-defined]
        Group.objects.filter(pk=group_id).update(members=F("members") + members)

    monkeypatch.setattr(members_module, "_count", read_then_write)
    leaving(circle, owners)

    assert not Membership.objects.filter(group=circle).exists()


def invited(circle: Group, uses: int) -> Invitation:
    return groups.invite(actor=circles.owner_of(circle), group_id=circle.pk, most_uses=uses)


def accepting(made: Invitation, n: int) -> list[Any]:
    return run_at_once(
        *[
            lambda who=who: groups.accept_invitation(actor=make.actor(who), code=made.code)
            for who in [make.member() for _ in range(n)]
        ]
    )


def test_an_invitation_for_two_lets_two_of_six_in() -> None:
    circle = circles.group(policy="invitation")
    made = invited(circle, 2)

    results = accepting(made, 6)

    made.refresh_from_db()
    assert codes(results) == ["not_found"] * 4, kinds(results)
    assert made.uses == 2
    assert circles.counted(circle) == circles.recounted(circle) == (3, 1)


def test_control_without_the_condition_it_lets_everybody_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    circle = circles.group(policy="invitation")
    made = invited(circle, 2)
    meet(monkeypatch, invitations_module, "get_invitation", 6)
    monkeypatch.setattr(invitations_module, "_use", lambda invitation: None)

    accepting(made, 6)

    assert circles.recounted(circle)[0] == 7


def _taps_twice(monkeypatch: pytest.MonkeyPatch) -> tuple[Invitation, list[Any]]:
    """Let somebody take an invitation for two at once with two taps."""
    made, who = invited(circles.group(policy="invitation"), 2), make.actor(make.member())
    meet(monkeypatch, invitations_module, "get_invitation", 2)
    tap = lambda: groups.accept_invitation(actor=who, code=made.code)  # noqa: E731 - pressed twice
    results = run_at_once(tap, tap)
    made.refresh_from_db()
    return made, results


def test_two_taps_of_one_person_use_an_invitation_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made, results = _taps_twice(monkeypatch)
    assert [type(one) for one in results] == [Membership] * 2, kinds(results)
    assert made.uses == 1
    assert circles.counted(made.group) == circles.recounted(made.group) == (2, 1)


def test_control_where_every_tap_counts_as_coming_in_it_is_used_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    enter = members_module.enter
    monkeypatch.setattr(invitations_module, "enter", lambda **asked: (enter(**asked)[0], True))
    made, _results = _taps_twice(monkeypatch)
    assert made.uses == 2


def two_offers(cap: int) -> tuple[Group, Account, list[int]]:
    ana = make.member()
    circle = circles.group(ana, offer_cap=cap, offer_days=1)
    ben = circles.joined(circle, wants_offers=True)
    offers = [
        groups.offer_to_group(
            actor=make.actor(ana), group_id=circle.pk, product_id=make.product().pk
        ).pk
        for _ in range(3)
    ]
    return circle, ben, offers


def telling(offers: list[int]) -> list[Any]:
    return run_at_once(
        *[lambda pk=pk: offers_module.tell_batch(offer_id=pk) for pk in offers for _ in range(2)]
    )


def test_three_offers_told_at_once_keep_to_the_cap() -> None:
    _circle, ben, offers = two_offers(cap=1)

    results = telling(offers)

    assert not codes(results), results
    outcomes = sorted(Notice.objects.filter(account=ben).values_list("outcome", flat=True))
    assert outcomes == ["capped", "capped", "told"]


def test_control_without_the_condition_all_three_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _circle, ben, offers = two_offers(cap=1)
    weak = offers_module._TELL.split("  AND (told_since")[0] + "RETURNING id"
    assert weak != offers_module._TELL
    monkeypatch.setattr(offers_module, "_TELL", weak)

    telling(offers)

    assert Notice.objects.filter(account=ben, outcome="told").count() == 3


def crosswise(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Tell of two members' offers, each to the other, while both are taken out of the group."""
    ana = make.member()
    circle = circles.group(ana, offer_cap=5)
    two = [circles.joined(circle, wants_offers=True) for _ in range(2)]
    offers = [
        groups.offer_to_group(
            actor=make.actor(who), group_id=circle.pk, product_id=make.product().pk
        ).pk
        for who in two
    ]
    holding, taking = threading.Barrier(3), threading.Barrier(2)
    told = offers_module._next
    end = members_module._end_offers

    def both_hold_their_offer(offer: Offer, size: int) -> list[tuple[int, int]]:
        holding.wait(timeout=20)
        wait_for(somebody_waits)  # for the offer, with or without the membership
        return told(offer, size)

    def both_hold_their_row(group_id: int, account_id: int) -> None:
        # Where who goes holds the offers first, they come here one after the other.
        with contextlib.suppress(threading.BrokenBarrierError):
            taking.wait(timeout=2)
        end(group_id, account_id)

    monkeypatch.setattr(offers_module, "_next", both_hold_their_offer)
    monkeypatch.setattr(members_module, "_end_offers", both_hold_their_row)
    first = threading.Event()

    def take_out(who: Account) -> None:
        first.wait(timeout=20)
        groups.remove(actor=make.actor(ana), group_id=circle.pk, account_id=who.pk)

    def let_go() -> None:
        holding.wait(timeout=20)
        first.set()

    return run_at_once(
        *[lambda pk=pk: offers_module.tell_batch(offer_id=pk) for pk in offers],
        *[lambda who=who: take_out(who) for who in two],
        let_go,
    )


def test_who_is_told_of_an_offer_and_who_goes_with_one_do_not_deadlock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    results = crosswise(monkeypatch)

    assert [each for each in results if isinstance(each, Exception)] == []
    assert not Offer.objects.filter(ended_at=None).exists()


def test_control_with_the_membership_locked_before_the_offer_they_deadlock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(members_module, "_hold_offers", lambda account_id, **of: None)

    results = crosswise(monkeypatch)

    assert any("deadlock" in str(each) for each in results), kinds(results)


def test_of_five_pins_at_once_three_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    circle = circles.group()
    owner = circles.owner_of(circle)
    monkeypatch.setattr(ports, "_stands_in", [lambda viewer, post_id, group_id: True])

    results = run_at_once(
        *[
            lambda pk=pk: groups.pin_post(actor=owner, group_id=circle.pk, post_id=pk)
            for pk in range(1, 6)
        ]
    )

    assert codes(results) == ["pins_full"] * 2, kinds(results)
    slots = Pick.objects.filter(slot__isnull=False).values_list("slot", flat=True)
    assert sorted(slot or 0 for slot in slots) == [1, 2, 3]
