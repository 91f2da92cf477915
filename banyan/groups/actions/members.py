"""Coming into a group, roles in it, and going.

A member's own row is written first and the group's counters last, each by a conditional UPDATE:
the counters are exact, a full group lets nobody in, and its last owner cannot go. What a member
offers is locked before either, where it ends with their going.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from banyan.kernel import audit, clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Busy, Conflict, Forbidden, Invalid, NotFound
from banyan.people.access import get_own_account, member_id, visible_accounts

from ..access import (
    ASKED,
    BANNED,
    MEMBER,
    get_group_for,
    get_member_for,
    living_groups,
    membership_of,
    require_moderator,
    require_owner,
)
from ..events import GroupAsked, GroupJoined, GroupLeft, GroupRemoved, GroupRoleChanged
from ..models import Group, Invitation, Membership, Offer
from ..queries import RANKS
from ..rules import at_domain

ROLES = ("owner", "moderator", "member")


def join(*, actor: Actor, group_id: int, wants_offers: bool = False) -> Membership:
    """Join a group, or ask to be let in where its policy is by request. Repeatable.

    ``wants_offers`` switches notices of offers on, which are off by default. Emits group.joined or
    group.asked. Raises LoginRequired, NotFound, Forbidden ``banned`` or ``invitation_needed``,
    Conflict ``group_full``.
    """
    account_id = member_id(actor)
    group = get_group_for(actor, group_id)
    to = MEMBER
    if group.policy != "open" and not _belongs(actor, group):
        if group.policy == "invitation":
            if membership_of(actor, group_id) is None:
                raise Forbidden(_("This group is joined by invitation."), code="invitation_needed")
        else:
            to = ASKED
    mine, _came = enter(
        actor=actor, group=group, account_id=account_id, to=to, wants_offers=wants_offers
    )
    return mine


def _belongs(actor: Actor, group: Group) -> bool:
    """Tell whether the actor has proved an address of the organisation whose group it is."""
    if group.verified_at is None or not group.domain:
        return False
    return at_domain(get_own_account(actor).email, group.domain)


def enter(
    *,
    actor: Actor,
    group: Group,
    account_id: int,
    to: int,
    wants_offers: bool = False,
    invitation: Invitation | None = None,
) -> tuple[Membership, bool]:
    """Make the row of somebody who joins or asks, and take a seat for who joins. Repeatable.

    Returns it, and whether it was this call that wrote it.
    """
    with transaction.atomic():
        known = Membership.objects.select_for_update(no_key=True).filter(
            group=group, account_id=account_id
        )
        before = known.first()
        if before is not None and before.state == BANNED and not _is_over(before):
            raise Forbidden(_("You cannot join this group."), code="banned")
        if before is not None and (before.state == MEMBER or before.state == to):
            return before, False
        columns = {
            "state": to,
            "until": None,
            "wants_offers": wants_offers,
            "invitation": invitation,
            "created_at": clock.now(),
        }
        if before is None:
            mine, made = Membership.objects.get_or_create(
                group=group, account_id=account_id, defaults=columns
            )
            if not made:  # two taps at once: the other one was first
                return mine, False
        else:
            mine = before
            _write(mine, **columns)
        if to == ASKED:
            events.emit(GroupAsked(group_id=group.pk, account_id=account_id), actor=actor)
            return mine, True
        _take_seat(group.pk)
        events.emit(
            GroupJoined(
                group_id=group.pk,
                account_id=account_id,
                invited_by_id=invitation.by_id if invitation else None,
            ),
            actor=actor,
        )
    return mine, True


def _is_over(ban: Membership) -> bool:
    return ban.until is not None and ban.until <= clock.now()


def _write(row: Membership, **columns: object) -> None:
    for name, value in columns.items():
        setattr(row, name, value)
    row.save(update_fields=list(columns))


def _take_seat(group_id: int) -> None:
    """Count one more member; Conflict when the group is full, NotFound when it is gone."""
    free = Q(most_members=None) | Q(members__lt=F("most_members"))
    if living_groups().filter(free, pk=group_id).update(members=F("members") + 1) == 1:
        return
    if not living_groups().filter(pk=group_id).exists():
        raise NotFound()
    raise Conflict(_("This group is full."), code="group_full")


def _count(group_id: int, *, members: int = 0, owners: int = 0) -> None:
    """Change the group's counters; Conflict ``last_owner`` where nobody would own it."""
    enough = Group.objects.filter(pk=group_id, owners__gte=1 - owners)
    changed = enough.update(members=F("members") + members, owners=F("owners") + owners)
    if changed != 1:
        raise Conflict(
            _("A group needs an owner. Hand it over first, or close it."), code="last_owner"
        )


def _hold_offers(account_id: int, **of: object) -> None:
    """Lock what somebody offers, by id, before any membership: who tells of it has that order."""
    mine = Offer.objects.select_for_update(no_key=True).filter(by_id=account_id, **of)
    list(mine.order_by("id").values_list("pk"))


def _end_offers(group_id: int, account_id: int) -> None:
    """End what somebody offers to a group that they belong to no more: nobody hears of it."""
    mine = Offer.objects.filter(group_id=group_id, by_id=account_id, ended_at=None)
    mine.update(ended_at=clock.now())


def accept(*, actor: Actor, group_id: int, account_id: int) -> Membership:
    """Let somebody in who asked. Repeatable. Emits group.joined. Raises Conflict ``group_full``."""
    group, _mine = require_moderator(actor, group_id)
    asked = get_member_for(actor, group, account_id)
    with transaction.atomic():
        waiting = Membership.objects.filter(pk=asked.pk, state=ASKED)
        if waiting.update(state=MEMBER, created_at=clock.now()) == 1:
            _take_seat(group.pk)
            events.emit(
                GroupJoined(group_id=group.pk, account_id=account_id, by_id=actor.id), actor=actor
            )
    asked.refresh_from_db()
    return asked


def decline(*, actor: Actor, group_id: int, account_id: int) -> None:
    """Do not let somebody in who asked; they may ask again. Repeatable."""
    group, _mine = require_moderator(actor, group_id)
    Membership.objects.filter(group=group, account_id=account_id, state=ASKED).delete()


def leave(*, actor: Actor, group_id: int) -> None:
    """Leave a group, or take one's question back. Repeatable. What one offers there ends.

    Emits group.left. Raises Conflict ``last_owner``.
    """
    account_id = member_id(actor)
    with transaction.atomic():
        _hold_offers(account_id, group_id=group_id, ended_at=None)
        mine = (
            Membership.objects.select_for_update(no_key=True)
            .filter(group_id=group_id, account_id=account_id)
            .exclude(state=BANNED)
            .first()
        )
        if mine is None:
            return
        was, role = mine.state, mine.role
        mine.delete()
        if was == MEMBER:
            _end_offers(group_id, account_id)
            _count(group_id, members=-1, owners=-int(role == "owner"))
            events.emit(GroupLeft(group_id=group_id, account_id=account_id), actor=actor)


def remove(*, actor: Actor, group_id: int, account_id: int) -> None:
    """Take a member out; they may come back. Repeatable. Emits group.removed.

    Moderators remove members, owners remove moderators too. Raises Forbidden ``not_below``.
    """
    _take_out(actor, group_id, account_id, banned=False, until=None)


def ban(*, actor: Actor, group_id: int, account_id: int, days: int | None = None) -> None:
    """Keep somebody out, for ``days`` (1 to 365) or until it is lifted. Repeatable.

    Also who has left meanwhile, or never came. Emits group.removed for who was there. Raises
    Invalid, NotFound, Forbidden ``not_below``, Busy.
    """
    if days is not None and not 1 <= days <= 365:
        raise Invalid(fields={"days": _("Choose 1 to 365 days, or none.")})
    until = clock.now() + dt.timedelta(days=days) if days else None
    _take_out(actor, group_id, account_id, banned=True, until=until)


def _take_out(
    actor: Actor, group_id: int, account_id: int, *, banned: bool, until: dt.datetime | None
) -> None:
    group, mine = require_moderator(actor, group_id)
    with transaction.atomic():
        _hold_offers(account_id, group_id=group.pk, ended_at=None)
        row = (
            Membership.objects.select_for_update(no_key=True)
            .filter(group=group, account_id=account_id)
            .first()
        )
        if row is None:
            if banned:
                _bar(actor, group, account_id, until)
            return
        below = row.role == "member" or (row.role == "moderator" and mine.role == "owner")
        if not below:
            raise Forbidden(_("Only an owner can do this."), code="not_below")
        was = row.state
        if banned:
            _write(row, state=BANNED, role="member", until=until, wants_offers=False)
        elif was == BANNED:
            return
        else:
            row.delete()
        if was == MEMBER:
            _end_offers(group.pk, account_id)
            _count(group.pk, members=-1)
        if was != BANNED:
            event = GroupRemoved(group_id=group.pk, account_id=account_id, banned=banned)
            events.emit(event, actor=actor)


def _bar(actor: Actor, group: Group, account_id: int, until: dt.datetime | None) -> None:
    """Keep somebody out who has no row in the group."""
    if not visible_accounts(actor).filter(pk=account_id).exists():
        raise NotFound()
    columns = {"state": BANNED, "until": until, "created_at": clock.now()}
    _row, made = Membership.objects.get_or_create(
        group=group, account_id=account_id, defaults=columns
    )
    if not made:
        raise Busy()  # they have come in just now


def unban(*, actor: Actor, group_id: int, account_id: int) -> None:
    """Lift a ban; the person may join or ask like anybody. Repeatable."""
    group, _mine = require_moderator(actor, group_id)
    Membership.objects.filter(group=group, account_id=account_id, state=BANNED).delete()


def set_role(*, actor: Actor, group_id: int, account_id: int, role: str) -> Membership:
    """Give a member another role; an owner's act. Repeatable. Emits group.role_changed.

    Raises Invalid, NotFound, Conflict ``last_owner``.
    """
    group, _mine = require_owner(actor, group_id)
    if role not in ROLES:
        raise Invalid(fields={"role": _("Choose one of these.")})
    with transaction.atomic():
        rows = _members(group, account_id)
        _give(actor, rows[0], role)
    return rows[0]


def hand_over(*, actor: Actor, group_id: int, account_id: int) -> None:
    """Make a member owner and oneself a moderator, both or neither. Emits group.role_changed."""
    group, mine = require_owner(actor, group_id)
    if account_id == actor.id:
        raise Conflict(code="oneself")
    with transaction.atomic():
        rows = {row.account_id: row for row in _members(group, account_id, mine.account_id)}
        _give(actor, rows[account_id], "owner")
        _give(actor, rows[mine.account_id], "moderator")


def appoint_owner(*, actor: Actor, group_id: int, account_id: int, reason: str) -> None:
    """Make a member an owner for the platform, where the owners are gone. Needs moderation."""
    if not actor.has_role("moderation"):
        raise Forbidden()
    group = get_group_for(actor, group_id)
    with transaction.atomic():
        _give(actor, _members(group, account_id)[0], "owner")
        audit.record(
            actor=actor,
            action="group.appoint_owner",
            subject_kind="group",
            subject_id=group.pk,
            subject_label=group.name,
            reason=reason,
        )


def _members(group: Group, *account_ids: int) -> list[Membership]:
    """Lock and return members, in order of their rows; NotFound when one is none."""
    rows = list(
        Membership.objects.select_for_update(no_key=True)
        .filter(group=group, account_id__in=account_ids, state=MEMBER)
        .order_by("id")
    )
    if len(rows) != len(set(account_ids)):
        raise NotFound()
    return rows


def _give(actor: Actor, row: Membership, role: str) -> None:
    if row.role == role:
        return
    owners = int(role == "owner") - int(row.role == "owner")
    _write(row, role=role)
    if owners:
        _count(row.group_id, owners=owners)
    events.emit(
        GroupRoleChanged(group_id=row.group_id, account_id=row.account_id, role=role), actor=actor
    )


def leave_all(*, account_id: int) -> None:
    """Take somebody who goes for good out of every group and list. In the caller's transaction.

    Where they were the last owner, whoever leads or has belonged the longest becomes one; a group
    without anybody else is closed. Emits group.left, group.role_changed.
    """
    us = Actor.system("groups")
    _hold_offers(account_id)
    for row in Membership.objects.filter(account_id=account_id).order_by("group_id"):
        if row.state == MEMBER and row.role == "owner":
            _find_heir(us, row)
        Membership.objects.filter(pk=row.pk).delete()
        if row.state != MEMBER:
            continue
        _end_offers(row.group_id, account_id)
        others = Group.objects.filter(pk=row.group_id, owners__gt=int(row.role == "owner"))
        if others.update(members=F("members") - 1, owners=F("owners") - int(row.role == "owner")):
            events.emit(GroupLeft(group_id=row.group_id, account_id=account_id), actor=us)
        else:
            Group.objects.filter(pk=row.group_id).update(
                members=F("members") - 1, closed_at=clock.now()
            )


def _find_heir(us: Actor, row: Membership) -> None:
    others = Membership.objects.filter(group_id=row.group_id, state=MEMBER).exclude(pk=row.pk)
    if others.filter(role="owner").exists():
        return
    heir = others.filter(account__is_active=True).order_by(RANKS, "id").first()
    if heir is not None:
        _give(us, heir, "owner")


def want_offers(*, actor: Actor, group_id: int, wanted: bool) -> Membership:
    """Switch notices of a group's offers on or off for oneself. Repeatable."""
    member_id(actor)
    mine = membership_of(actor, group_id)
    if mine is None:
        raise NotFound()
    _write(mine, wants_offers=wanted)
    return mine
