"""Invitations: links that let a few people in for a while."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.problems import Forbidden, Invalid, NotFound
from banyan.people.access import member_id
from banyan.sharing import actions as sharing
from banyan.sharing.channels import GROUP
from banyan.sharing.models import Link

from ..access import MEMBER, MODERATORS, PUBLIC, get_invitation, invites, require_member
from ..models import Group, Invitation, Membership
from .members import enter

CODE_BITS = 100
MOST_USES, MOST_DAYS = 500, 90


def invite(*, actor: Actor, group_id: int, most_uses: int = 20, days: int = 14) -> Invitation:
    """Make an invitation; any member of an open group may, else its moderators.

    Raises Forbidden ``not_a_member`` or ``not_a_moderator``, Invalid.
    """
    group, mine = require_member(actor, group_id)
    if not invites(group, mine):
        raise Forbidden(code="not_a_moderator")
    fields: dict[str, object] = {}
    if not 1 <= most_uses <= MOST_USES:
        fields["most_uses"] = _("Choose 1 to 500 people.")
    if not 1 <= days <= MOST_DAYS:
        fields["days"] = _("Choose 1 to 90 days.")
    if fields:
        raise Invalid(fields=fields)
    now = clock.now()
    with transaction.atomic():
        return Invitation.objects.create(
            group=group,
            code=new_code(CODE_BITS),
            by_id=mine.account_id,
            link=_link(actor, group),
            most_uses=most_uses,
            expires_at=now + dt.timedelta(days=days),
            created_at=now,
        )


def _link(actor: Actor, group: Group) -> Link | None:
    """Return the inviter's share link, so that what came of it is told to them."""
    if group.visibility != PUBLIC:
        return None
    return sharing.share(actor=actor, target_kind="group", target_id=group.pk, via=None)


def revoke_invitation(*, actor: Actor, invitation_id: int) -> None:
    """Let nobody in by it any more; whoever made it, or a moderator. Repeatable."""
    rows = Invitation.objects.filter(pk=invitation_id)
    made = rows.first()
    if made is None:
        raise NotFound()
    _group, mine = require_member(actor, made.group_id)
    if made.by_id != actor.id and mine.role not in MODERATORS:
        raise NotFound()
    rows.filter(revoked_at=None).update(revoked_at=clock.now())


def accept_invitation(*, actor: Actor, code: str, wants_offers: bool = False) -> Membership:
    """Join by an invitation, whatever the group's policy. Repeatable: a member uses nothing up.

    Whoever joins counts as a visit through the inviter's share link.
    Emits group.joined. Raises LoginRequired, NotFound, Forbidden ``banned``, Conflict
    ``group_full``.
    """
    account_id = member_id(actor)
    invitation = get_invitation(actor, code)
    with transaction.atomic():
        known = Membership.objects.filter(
            group_id=invitation.group_id, account_id=account_id, state=MEMBER
        ).first()
        if known is not None:
            return known
        mine, came = enter(
            actor=actor,
            group=invitation.group,
            account_id=account_id,
            to=MEMBER,
            wants_offers=wants_offers,
            invitation=invitation,
        )
        if came:
            _use(invitation)
            if invitation.link is not None and invitation.link.revoked_at is None:
                sharing.record_touch(
                    actor=actor, link=invitation.link, channel=GROUP, verdict="human"
                )
    return mine


def _use(invitation: Invitation) -> None:
    """Count a use; NotFound where it was used up meanwhile."""
    left = Invitation.objects.filter(pk=invitation.pk, uses__lt=F("most_uses"), revoked_at=None)
    if left.update(uses=F("uses") + 1) != 1:
        raise NotFound()
