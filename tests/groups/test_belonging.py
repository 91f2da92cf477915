"""Joining, asking, being invited, roles, and going."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from banyan.groups import actions as groups
from banyan.groups.access import (
    get_group_by_slug,
    get_invitation,
    is_member,
    visible_groups,
    visible_members,
)
from banyan.groups.actions import groups as groups_module
from banyan.groups.models import Group, Membership
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.models import StoredEvent
from banyan.kernel.problems import Conflict, Forbidden, Invalid, LoginRequired, NotFound, TooMany
from banyan.moderation import ports
from banyan.people import actions as people
from tests.groups import circles
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def events_named(name: str) -> int:
    return StoredEvent.objects.filter(name=name).count()


def test_who_founds_a_group_is_its_owner_and_first_member() -> None:
    ana = make.member("ana")

    circle = circles.group(ana, name="Dresses", topics=["#linen", "silk", "linen"])

    assert (circle.members, circle.owners, circle.topics) == (1, 1, ["linen", "silk"])
    assert Membership.objects.get().role == "owner"
    assert events_named("group.made") == 1
    assert not Membership.objects.get().wants_offers


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": " "}, "name"),
        ({"colour": "red"}, "colour"),
        ({"policy": "closed"}, "policy"),
        ({"domain": "gmail.com"}, "domain"),
        ({"offer_cap": 21}, "offer_cap"),
        ({"slug": "no spaces"}, "slug"),
        ({"slug": "new"}, "slug"),
        ({"most_members": 0}, "most_members"),
    ],
)
def test_a_group_that_makes_no_sense_is_refused(values: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        circles.group(**values)
    assert field in refused.value.fields


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("织布小组", "zhibu-xiaozu"),
        ("New", "group"),
        ("Ткани", "g"),
        ("A", "group"),
        ("42", "group"),
    ],
)
def test_a_group_needs_no_more_than_a_name(name: str, address: str) -> None:
    ana, data = make.actor(make.member()), groups.GroupInput(name=name)
    mine = groups.make_group(actor=ana, data=data)
    theirs = groups.make_group(actor=make.actor(make.member()), data=data)
    assert re.fullmatch(rf"{address}(-[a-z0-9]{{6}})?", mine.slug), mine.slug
    assert re.fullmatch(rf"{address}-[a-z0-9]{{6}}", theirs.slug), theirs.slug
    with pytest.raises(Invalid) as refused:
        groups.make_group(actor=ana, data=data)
    assert set(refused.value.fields) == {"name"}


@pytest.mark.usefixtures("midday")
def test_an_address_is_given_once_and_nobody_founds_without_end() -> None:
    circles.group(slug="linen")
    with pytest.raises(Invalid) as refused:
        circles.group(slug="Linen")
    assert "slug" in refused.value.fields
    ana = make.member()
    for _ in range(5):
        circles.group(ana)
    with pytest.raises(TooMany):
        circles.group(ana)


def test_anybody_joins_an_open_group_once() -> None:
    circle, ben = circles.group(), make.member()

    first = groups.join(actor=make.actor(ben), group_id=circle.pk)
    again = groups.join(actor=make.actor(ben), group_id=circle.pk, wants_offers=True)

    assert first.pk == again.pk
    assert circles.counted(circle) == circles.recounted(circle) == (2, 1)
    assert events_named("group.joined") == 1
    assert not Membership.objects.get(pk=first.pk).wants_offers
    with pytest.raises(LoginRequired):
        groups.join(actor=Actor.guest(), group_id=circle.pk)


def test_a_full_group_lets_nobody_in_and_writes_nothing() -> None:
    circle, ben = circles.group(most_members=1), make.member()

    with pytest.raises(Conflict) as refused:
        groups.join(actor=make.actor(ben), group_id=circle.pk)

    assert refused.value.code == "group_full"
    assert not Membership.objects.filter(account=ben).exists()
    assert events_named("group.joined") == 0


def test_where_one_asks_a_moderator_lets_in_or_not() -> None:
    circle = circles.group(policy="request")
    owner, ben, cy = circles.owner_of(circle), make.member(), make.member()
    for account in (ben, cy):
        groups.join(actor=make.actor(account), group_id=circle.pk)
    assert circles.counted(circle) == (1, 1)
    assert not is_member(make.actor(ben), circle.pk)

    groups.accept(actor=owner, group_id=circle.pk, account_id=ben.pk)
    groups.accept(actor=owner, group_id=circle.pk, account_id=ben.pk)
    groups.decline(actor=owner, group_id=circle.pk, account_id=cy.pk)

    assert circles.counted(circle) == circles.recounted(circle) == (2, 1)
    assert is_member(make.actor(ben), circle.pk)
    assert not Membership.objects.filter(account=cy).exists()
    assert events_named("group.joined") == 1
    with pytest.raises(Forbidden):
        groups.accept(actor=make.actor(ben), group_id=circle.pk, account_id=cy.pk)


def test_an_invitation_lets_in_as_many_as_it_says_and_no_longer_than_it_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    circle = circles.group(policy="invitation", visibility=2)
    owner, ben, cy = circles.owner_of(circle), make.member(), make.member()
    with pytest.raises(NotFound):
        groups.join(actor=make.actor(ben), group_id=circle.pk)
    made = groups.invite(actor=owner, group_id=circle.pk, most_uses=1, days=1)

    mine = groups.accept_invitation(actor=make.actor(ben), code=made.code)
    groups.accept_invitation(actor=make.actor(ben), code=made.code)

    made.refresh_from_db()
    assert (mine.invitation_id, made.uses) == (made.pk, 1)
    with pytest.raises(NotFound):
        groups.accept_invitation(actor=make.actor(cy), code=made.code)
    second = groups.invite(actor=owner, group_id=circle.pk, days=1)
    later = clock.now() + dt.timedelta(days=1, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    with pytest.raises(NotFound):
        groups.accept_invitation(actor=make.actor(cy), code=second.code)
    assert circles.counted(circle) == circles.recounted(circle) == (2, 1)


def test_an_invitation_that_was_taken_back_lets_nobody_in() -> None:
    circle = circles.group()
    ben = circles.joined(circle)
    made = groups.invite(actor=make.actor(ben), group_id=circle.pk)
    assert made.link is not None
    assert made.link.owner_id == ben.pk
    with pytest.raises(NotFound):
        groups.revoke_invitation(actor=make.actor(circles.joined(circle)), invitation_id=made.pk)
    groups.revoke_invitation(actor=circles.owner_of(circle), invitation_id=made.pk)
    with pytest.raises(NotFound):
        get_invitation(make.actor(make.member()), made.code)


@pytest.mark.parametrize("lost", ["removed", "banned", "left", "made a member"])
def test_an_invitation_is_good_while_who_made_it_may_invite(lost: str) -> None:
    """Else whoever is put out comes back under another name by an invitation of their own."""
    circle = circles.group(policy="invitation", visibility=2)
    owner, mod = circles.owner_of(circle), make.member()
    way_in = groups.invite(actor=owner, group_id=circle.pk)
    groups.accept_invitation(actor=make.actor(mod), code=way_in.code)
    groups.set_role(actor=owner, group_id=circle.pk, account_id=mod.pk, role="moderator")
    made = groups.invite(actor=make.actor(mod), group_id=circle.pk, days=90)
    other = make.actor(make.member())
    assert get_invitation(other, made.code) == made
    acts: dict[str, Any] = {
        "removed": lambda: groups.remove(actor=owner, group_id=circle.pk, account_id=mod.pk),
        "banned": lambda: groups.ban(actor=owner, group_id=circle.pk, account_id=mod.pk),
        "left": lambda: groups.leave(actor=make.actor(mod), group_id=circle.pk),
        "made a member": lambda: groups.set_role(
            actor=owner, group_id=circle.pk, account_id=mod.pk, role="member"
        ),
    }

    acts[lost]()

    with pytest.raises(NotFound):
        groups.accept_invitation(actor=other, code=made.code)
    assert not is_member(other, circle.pk)
    groups.accept_invitation(actor=other, code=way_in.code)
    assert is_member(other, circle.pk)


def test_in_an_open_group_every_member_invites_until_it_is_open_no_more() -> None:
    circle = circles.group()
    ben, other = circles.joined(circle), make.actor(make.member())
    made = groups.invite(actor=make.actor(ben), group_id=circle.pk)
    assert get_invitation(other, made.code) == made
    Group.objects.filter(pk=circle.pk).update(policy="invitation")
    with pytest.raises(NotFound):
        get_invitation(other, made.code)


def test_an_organisations_people_join_by_their_address() -> None:
    ana = make.member(email="ana@lab.example.org")
    circle = circles.group(ana, policy="request", domain="lab.example.org")
    assert circle.kind == "organisation"
    assert circle.verified_at is not None
    colleague = make.member(email="ben@LAB.example.org")
    below = make.member(email="eve@x.lab.example.org")

    groups.join(actor=make.actor(colleague), group_id=circle.pk)
    groups.join(actor=make.actor(below), group_id=circle.pk)

    assert is_member(make.actor(colleague), circle.pk)
    assert not is_member(make.actor(below), circle.pk)


def test_an_organisation_nobody_has_proved_waits_for_the_platform() -> None:
    circle = circles.group(make.member(email="ana@example.com"), domain="lab.example.org")
    assert circle.verified_at is None
    with pytest.raises(Forbidden):
        groups.verify_group(actor=make.actor(make.member()), group_id=circle.pk, reason="x")
    groups.verify_group(
        actor=make.actor(make.staff("moderation")), group_id=circle.pk, reason="papers seen"
    )
    circle.refresh_from_db()
    assert circle.verified_at is not None


def test_the_last_owner_cannot_go_before_handing_over() -> None:
    circle = circles.group()
    owner, ben = circles.owner_of(circle), circles.joined(circle)
    for act in (
        lambda: groups.leave(actor=owner, group_id=circle.pk),
        lambda: groups.set_role(
            actor=owner, group_id=circle.pk, account_id=owner.id or 0, role="member"
        ),
    ):
        with pytest.raises(Conflict) as refused:
            act()
        assert refused.value.code == "last_owner"
    assert circles.counted(circle) == circles.recounted(circle) == (2, 1)

    groups.hand_over(actor=owner, group_id=circle.pk, account_id=ben.pk)

    roles = dict(Membership.objects.values_list("account_id", "role"))
    assert roles == {owner.id: "moderator", ben.pk: "owner"}
    groups.leave(actor=owner, group_id=circle.pk)
    assert circles.counted(circle) == circles.recounted(circle) == (1, 1)
    assert events_named("group.left") == 1


def test_moderators_take_out_members_and_owners_moderators() -> None:
    circle = circles.group()
    owner, mod, ben = circles.owner_of(circle), circles.joined(circle), circles.joined(circle)
    groups.set_role(actor=owner, group_id=circle.pk, account_id=mod.pk, role="moderator")

    with pytest.raises(Forbidden) as refused:
        groups.remove(actor=make.actor(mod), group_id=circle.pk, account_id=owner.id or 0)
    assert refused.value.code == "not_below"
    groups.remove(actor=make.actor(mod), group_id=circle.pk, account_id=ben.pk)
    groups.remove(actor=make.actor(mod), group_id=circle.pk, account_id=ben.pk)
    groups.remove(actor=owner, group_id=circle.pk, account_id=mod.pk)

    assert circles.counted(circle) == circles.recounted(circle) == (1, 1)
    assert events_named("group.removed") == 2


def test_a_ban_keeps_out_until_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    circle = circles.group()
    owner, ben = circles.owner_of(circle), circles.joined(circle, wants_offers=True)

    groups.ban(actor=owner, group_id=circle.pk, account_id=ben.pk, days=7)
    groups.ban(actor=owner, group_id=circle.pk, account_id=ben.pk, days=7)

    assert circles.counted(circle) == circles.recounted(circle) == (1, 1)
    assert events_named("group.removed") == 1
    with pytest.raises(Forbidden) as refused:
        groups.join(actor=make.actor(ben), group_id=circle.pk)
    assert refused.value.code == "banned"
    groups.leave(actor=make.actor(ben), group_id=circle.pk)  # does not lift it
    with pytest.raises(Forbidden):
        groups.join(actor=make.actor(ben), group_id=circle.pk)
    later = clock.now() + dt.timedelta(days=7)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert not groups.join(actor=make.actor(ben), group_id=circle.pk).wants_offers
    assert circles.counted(circle) == circles.recounted(circle) == (2, 1)


def test_who_leaves_before_the_ban_is_kept_out_all_the_same() -> None:
    circle = circles.group()
    owner, ben = circles.owner_of(circle), circles.joined(circle)
    groups.leave(actor=make.actor(ben), group_id=circle.pk)

    groups.ban(actor=owner, group_id=circle.pk, account_id=ben.pk)
    groups.ban(actor=owner, group_id=circle.pk, account_id=ben.pk)

    with pytest.raises(Forbidden, match="banned"):
        groups.join(actor=make.actor(ben), group_id=circle.pk)
    made = groups.invite(actor=owner, group_id=circle.pk)
    with pytest.raises(Forbidden, match="banned"):
        groups.accept_invitation(actor=make.actor(ben), code=made.code)
    assert circles.counted(circle) == circles.recounted(circle) == (1, 1)
    groups.unban(actor=owner, group_id=circle.pk, account_id=ben.pk)
    circles.joined(circle, ben)
    with pytest.raises(NotFound):
        groups.ban(actor=owner, group_id=circle.pk, account_id=1)


def test_secret_groups_are_unknown_to_others_and_closed_or_hidden_ones_to_all() -> None:
    secret, private, hidden = (circles.group(visibility=v) for v in (2, 1, 0))
    closed = circles.group()
    groups.close_group(actor=circles.owner_of(closed), group_id=closed.pk)
    groups.hide_group(
        actor=make.actor(make.staff("moderation")), group_id=hidden.pk, reason="fraud"
    )
    ben = make.member()

    assert set(visible_groups(make.actor(ben))) == {private}
    assert set(visible_groups(circles.owner_of(secret))) == {secret, private}
    for gone in (secret, closed, hidden):
        with pytest.raises(NotFound):
            get_group_by_slug(make.actor(ben), gone.slug)
    with pytest.raises(NotFound):
        get_group_by_slug(circles.owner_of(hidden), hidden.slug)
    assert not visible_members(make.actor(ben), private).exists()


def test_who_is_blocked_may_be_in_the_same_group_and_is_not_seen() -> None:
    circle = circles.group()
    ben, cy = circles.joined(circle), circles.joined(circle)
    people.block(actor=make.actor(ben), account_id=cy.pk)

    seen = {row.account_id for row in visible_members(make.actor(ben), circle)}

    assert is_member(make.actor(cy), circle.pk)
    assert cy.pk not in seen
    assert ben.pk not in {row.account_id for row in visible_members(make.actor(cy), circle)}
    made = groups.invite(actor=make.actor(ben), group_id=circle.pk)
    with pytest.raises(NotFound):
        get_invitation(make.actor(cy), made.code)


def test_only_owners_change_who_gets_in() -> None:
    circle = circles.group(policy="request", visibility=1)
    owner, mod = circles.owner_of(circle), make.member()
    groups.join(actor=make.actor(mod), group_id=circle.pk)
    groups.accept(actor=owner, group_id=circle.pk, account_id=mod.pk)
    groups.set_role(actor=owner, group_id=circle.pk, account_id=mod.pk, role="moderator")

    data = groups.GroupInput(name="Other", rules="Be kind.", policy="open", visibility=0)
    changed = groups.edit_group(actor=make.actor(mod), group_id=circle.pk, data=data, cover=None)

    assert (changed.name, changed.rules) == ("Other", "Be kind.")
    assert (changed.policy, changed.visibility) == ("request", 1)
    with pytest.raises(Conflict):
        groups.edit_group(
            actor=owner,
            group_id=circle.pk,
            data=groups.GroupInput(name="Other", most_members=1),
            cover=None,
        )


def test_a_moderator_who_saves_meanwhile_opens_nothing_that_its_owner_has_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    circle = circles.group()
    owner, mo = circles.owner_of(circle), circles.joined(circle)
    groups.set_role(actor=owner, group_id=circle.pk, account_id=mo.pk, role="moderator")
    check = groups_module._check_words

    def meanwhile(actor: Actor, columns: dict[str, Any], slug: str = "") -> None:
        check(actor, columns, slug)
        if actor.id == mo.pk:
            closed = groups.GroupInput(name="Ours", policy="invitation", visibility=2)
            groups.edit_group(actor=owner, group_id=circle.pk, data=closed, cover=None)

    monkeypatch.setattr(groups_module, "_check_words", meanwhile)
    words = groups.GroupInput(name="Our pots", about="Pots")
    groups.edit_group(actor=make.actor(mo), group_id=circle.pk, data=words, cover=None)

    circle.refresh_from_db()
    assert (circle.about, circle.policy, circle.visibility) == ("Pots", "invitation", 2)


def test_who_goes_for_good_leaves_exact_counts_and_no_group_without_an_owner() -> None:
    ana = make.member("ana")
    handed, alone, other = circles.group(ana), circles.group(ana), circles.group()
    first, moderator = circles.joined(handed), circles.joined(handed)
    groups.set_role(
        actor=make.actor(ana), group_id=handed.pk, account_id=moderator.pk, role="moderator"
    )
    circles.joined(other, ana)

    groups.leave_all(account_id=ana.pk)
    groups.leave_all(account_id=ana.pk)

    assert circles.counted(handed) == circles.recounted(handed) == (2, 1)
    assert circles.founder(handed) == moderator, "who leads comes before who was there longer"
    assert first != moderator
    assert circles.counted(other) == circles.recounted(other) == (1, 1)
    alone.refresh_from_db()
    assert (alone.members, alone.closed_at is None) == (0, False)
    assert not Membership.objects.filter(account=ana).exists()


def test_a_group_is_reported_hidden_by_a_case_and_shown_again() -> None:
    circle = circles.group(name="Odd", about="Very odd")
    found = ports.subject("group")
    assert found is not None
    assert found.hide is not None
    assert found.restore is not None
    boss = make.actor(make.staff("moderation"))
    assert found.visible(make.actor(make.member()), circle.pk)
    case = found.find(circle.pk)
    assert case is not None
    assert (case.author_id, case.text) == (circles.owner_of(circle).id, "Odd\nVery odd")

    found.hide(actor=boss, subject_id=circle.pk, reason="fraud")
    assert not found.visible(make.actor(make.member()), circle.pk)
    assert events_named("group.hidden") == 1
    found.restore(actor=boss, subject_id=circle.pk, reason="appeal")
    assert found.visible(make.actor(make.member()), circle.pk)
    secret = circles.group(visibility=2)
    assert not found.visible(make.actor(make.member()), secret.pk)
