"""The only way to groups that people see. Absent, secret, closed and hidden look alike."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from banyan.catalog.access import visible_products
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Forbidden, LoginRequired, NotFound
from banyan.people.access import visible_accounts

from .models import Group, Invitation, Membership, Offer

ASKED, MEMBER, BANNED = 0, 1, 2
PUBLIC, PRIVATE, SECRET = 0, 1, 2
MODERATORS = ("owner", "moderator")
OFFICE = ("moderation",)


def memberships_of(account_id: int, group: str) -> QuerySet[Membership]:
    """Return the membership of an account in the group that the outer field ``group`` names.

    Empty in a group that is closed or hidden. For ``Exists``.
    """
    return Membership.objects.filter(
        group_id=OuterRef(group),
        account_id=account_id,
        state=MEMBER,
        group__closed_at=None,
        group__hidden_at=None,
    )


def living_groups() -> QuerySet[Group]:
    """Return the groups that are neither closed nor hidden, secret ones too."""
    return Group.objects.filter(closed_at=None, hidden_at=None)


def visible_groups(viewer: Actor) -> QuerySet[Group]:
    """Return the groups that ``viewer`` may know of: all but the secret ones of others."""
    if viewer.has_role(*OFFICE):
        return living_groups()
    known = ~Q(visibility=SECRET)
    if viewer.id is not None:
        known |= Q(Exists(memberships_of(viewer.id, "pk")))
    return living_groups().filter(known)


def get_group_for(viewer: Actor, group_id: int) -> Group:
    """Return a group that ``viewer`` may know of."""
    found = visible_groups(viewer).filter(pk=group_id).first()
    if found is None:
        raise NotFound()
    return found


def get_group_by_slug(viewer: Actor, slug: str) -> Group:
    """Return the group of an address, whatever the case, that ``viewer`` may know of."""
    found = visible_groups(viewer).select_related("cover").filter(slug__iexact=slug).first()
    if found is None:
        raise NotFound()
    return found


def membership_of(viewer: Actor, group_id: int) -> Membership | None:
    """Return the viewer's membership, None for whoever only asked, is banned, or is nobody."""
    if viewer.id is None:
        return None
    rows = Membership.objects.filter(group_id=group_id, account_id=viewer.id, state=MEMBER)
    return rows.filter(group__closed_at=None, group__hidden_at=None).first()


def is_member(viewer: Actor, group_id: int) -> bool:
    """Tell whether ``viewer`` belongs to the group."""
    return membership_of(viewer, group_id) is not None


def standing_of(viewer: Actor, group_id: int) -> Membership | None:
    """Return the viewer's row whatever its state; a ban that is over is none."""
    if viewer.id is None:
        return None
    rows = Membership.objects.filter(group_id=group_id, account_id=viewer.id)
    return rows.exclude(state=BANNED, until__lte=clock.now()).first()


def leads(viewer: Actor, group_id: int) -> bool:
    """Tell whether ``viewer`` is a moderator or owner of the group."""
    mine = membership_of(viewer, group_id)
    return mine is not None and mine.role in MODERATORS


def require_member(actor: Actor, group_id: int) -> tuple[Group, Membership]:
    """Return group and membership of the actor; Forbidden ``not_a_member`` for others."""
    if actor.id is None:
        raise LoginRequired()
    group, mine = get_group_for(actor, group_id), membership_of(actor, group_id)
    if mine is None:
        raise Forbidden(code="not_a_member")
    return group, mine


def require_moderator(actor: Actor, group_id: int) -> tuple[Group, Membership]:
    """Return group and membership of a moderator or owner; else Forbidden ``not_a_moderator``."""
    group, mine = require_member(actor, group_id)
    if mine.role not in MODERATORS:
        raise Forbidden(code="not_a_moderator")
    return group, mine


def require_owner(actor: Actor, group_id: int) -> tuple[Group, Membership]:
    """Return group and membership of an owner; else Forbidden ``not_an_owner``."""
    group, mine = require_member(actor, group_id)
    if mine.role != "owner":
        raise Forbidden(code="not_an_owner")
    return group, mine


def reads_inside(viewer: Actor, group: Group) -> bool:
    """Tell whether ``viewer`` may read who and what is in a group that they know of."""
    return group.visibility == PUBLIC or is_member(viewer, group.pk)


def visible_members(viewer: Actor, group: Group) -> QuerySet[Membership]:
    """Return the members that ``viewer`` may see; nobody who is apart from them is among them."""
    if not reads_inside(viewer, group):
        return Membership.objects.none()
    return Membership.objects.filter(
        group=group, state=MEMBER, account__in=visible_accounts(viewer)
    ).select_related("account")


def get_member_for(viewer: Actor, group: Group, account_id: int) -> Membership:
    """Return the membership, in any state, of an account that ``viewer`` may see."""
    rows = Membership.objects.filter(group=group, account__in=visible_accounts(viewer))
    found = rows.select_related("account").filter(account_id=account_id).first()
    if found is None:
        raise NotFound()
    return found


def get_invitation(viewer: Actor, code: str) -> Invitation:
    """Return an invitation that lets somebody in now; whoever holds the code may know the group.

    It is good for as long as who made it could make it: see ``invites``.
    """
    now = clock.now()
    rows = Invitation.objects.select_related("group", "by", "link").filter(
        code=code, revoked_at=None, expires_at__gt=now, group__in=living_groups()
    )
    found = rows.first()
    if found is None:
        raise NotFound()
    if found.uses >= found.most_uses and not is_member(viewer, found.group_id):
        raise NotFound()
    if not visible_accounts(viewer).filter(pk=found.by_id).exists():
        raise NotFound()
    by = Membership.objects.filter(group=found.group, account_id=found.by_id, state=MEMBER).first()
    if by is None or not invites(found.group, by):
        raise NotFound()
    return found


def invites(group: Group, mine: Membership) -> bool:
    """Tell whether a member may invite: any of an open group, else who moderates it."""
    return group.policy == "open" or mine.role in MODERATORS


def visible_offers(viewer: Actor, group: Group) -> QuerySet[Offer]:
    """Return what is offered to the group now, newest first, by those the viewer may see.

    Nothing that is no longer on sale; it is here again when it is.
    """
    if not reads_inside(viewer, group):
        return Offer.objects.none()
    return (
        Offer.objects.filter(group=group, ended_at=None, by__in=visible_accounts(viewer))
        .filter(product__in=visible_products())
        .select_related("by", "product__shop", "link")
        .order_by("-id")
    )


def get_offer_for(viewer: Actor, offer_id: int) -> Offer:
    """Return an offer to a group, ended ones too, whose inside the viewer may read."""
    rows = Offer.objects.select_related("group", "product__shop", "link", "variant")
    found = rows.filter(pk=offer_id, by__in=visible_accounts(viewer)).first()
    if found is None or not reads_inside(viewer, get_group_for(viewer, found.group_id)):
        raise NotFound()
    return found
