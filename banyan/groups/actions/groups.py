"""Founding a group, what it says and is, closing it; what the platform decides about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from banyan.catalog.rules import slugify
from banyan.kernel import audit, clock, events, ratelimits
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.problems import Conflict, Forbidden, Invalid, NotFound
from banyan.media.models import Image
from banyan.moderation.actions import check_names, require_unlimited
from banyan.people.access import get_own_account, member_id
from banyan.storefronts.rules import clean_colour

from ..access import OFFICE, require_moderator, require_owner
from ..events import GroupClosed, GroupHidden, GroupMade
from ..models import Group, Membership
from ..rules import MOST_OFFER_CAP, at_domain, clean_domain, clean_slug, clean_topics

FOUNDED_A_DAY = 5
POLICIES = ("open", "request", "invitation")


@dataclass(frozen=True, slots=True)
class GroupInput:
    """What a group says and how it lets people in; see ``models.Group`` for the values."""

    name: str
    about: str = ""
    rules: str = ""
    topics: list[str] = field(default_factory=list)
    colour: str = ""
    policy: str = "open"
    visibility: int = 0
    holds: int = 0
    listers: str = "members"
    offer_cap: int = 2
    offer_days: int = 7
    most_members: int | None = None
    domain: str = ""

    def columns(self) -> dict[str, Any]:
        """Return the columns. Raises Invalid with every field that does not do."""
        colour, domain = clean_colour(self.colour), clean_domain(self.domain)
        checks = {
            "name": (1 <= len(self.name.strip()) <= 60, _("Give it a name of 1 to 60 letters.")),
            "about": (len(self.about) <= 500, _("At most 500 letters.")),
            "rules": (len(self.rules) <= 3000, _("At most 3,000 letters.")),
            "colour": (colour is not None, _("Enter a colour such as #1e6b52.")),
            "policy": (self.policy in POLICIES, _("Choose one of these.")),
            "visibility": (self.visibility in (0, 1, 2), _("Choose who may see it.")),
            "holds": (self.holds in (0, 1, 2), _("Choose one of these.")),
            "listers": (self.listers in ("members", "moderators"), _("Choose one of these.")),
            "offer_cap": (0 <= self.offer_cap <= MOST_OFFER_CAP, _("Choose 0 to 20.")),
            "offer_days": (1 <= self.offer_days <= 31, _("Choose 1 to 31 days.")),
            "most_members": (
                self.most_members is None or 1 <= self.most_members <= 1_000_000,
                _("Choose 1 to 1,000,000, or none."),
            ),
            "domain": (
                domain is not None,
                _("Enter the organisation's own domain, such as example.org."),
            ),
        }
        wrong: dict[str, Any] = {name: text for name, (fits, text) in checks.items() if not fits}
        if wrong:
            raise Invalid(fields=wrong)
        return {
            "name": self.name.strip(),
            "about": self.about.strip(),
            "rules": self.rules.strip(),
            "topics": clean_topics(self.topics),
            "colour": colour or "",
            "policy": self.policy,
            "visibility": self.visibility,
            "holds": self.holds,
            "listers": self.listers,
            "offer_cap": self.offer_cap,
            "offer_days": self.offer_days,
            "most_members": self.most_members,
            "domain": domain or "",
        }


def make_group(*, actor: Actor, slug: str = "", data: GroupInput) -> Group:
    """Found a group; the actor is its owner and first member.

    An empty ``slug`` means: make one of the name; then a second group of the same name and owner is
    refused, for that is a form sent twice. An organisation's (``data.domain``) is verified when its
    owner has proved an address there.
    Emits group.made. Raises LoginRequired, Invalid, TooMany after five in a day.
    """
    account_id = member_id(actor)
    columns = data.columns()
    _check_words(actor, columns, slug)
    address = clean_slug(slug) if slug.strip() else _made_slug(account_id, columns["name"])
    if address is None:
        raise Invalid(fields={"slug": _("Use 3 to 60 small letters, digits and hyphens.")})
    require_unlimited(actor)
    ratelimits.hit(f"groups.make:{account_id}", FOUNDED_A_DAY, 86_400)
    now = clock.now()
    try:
        with transaction.atomic():
            group = Group.objects.create(
                slug=address,
                members=1,
                created_at=now,
                **columns,
                **_organisation(actor, columns["domain"], None),
            )
            Membership.objects.create(
                group=group, account_id=account_id, role="owner", created_at=now
            )
            events.emit(GroupMade(group_id=group.pk, owner_id=account_id), actor=actor)
    except IntegrityError as error:
        raise Invalid(fields={"slug": _("This address is taken.")}) from error
    return group


def _made_slug(owner_id: int, name: str) -> str:
    """Return a free address for a new group; of two at once the database lets one have it."""
    led = Membership.objects.filter(account_id=owner_id, role="owner")
    if led.filter(group__name=name).exists():
        raise Invalid(fields={"name": _("You have a group of this name already.")})
    code = new_code(30).lower()
    slug = clean_slug(slugify(name, fallback=f"g-{code}")[:60].strip("-"))
    if slug is None or Group.objects.filter(slug=slug).exists():
        slug = f"{(slug or 'group')[:53].strip('-')}-{code}"
    return slug


def _check_words(actor: Actor, columns: dict[str, Any], slug: str = "") -> None:
    topics = " ".join(columns["topics"])
    told = {name: columns[name] for name in ("name", "about", "rules")}
    check_names(actor=actor, **told, topics=topics, slug=slug)


def _organisation(actor: Actor, domain: str, before: Group | None) -> dict[str, Any]:
    """Return kind and ``verified_at`` of a group with this domain, as far as the actor proves it.

    What was verified stays so while the domain stays.
    """
    if not domain:
        return {"kind": "interest", "verified_at": None}
    if before is not None and before.domain == domain and before.verified_at is not None:
        return {"kind": "organisation", "verified_at": before.verified_at}
    proved = at_domain(get_own_account(actor).email, domain)
    return {"kind": "organisation", "verified_at": clock.now() if proved else None}


def edit_group(*, actor: Actor, group_id: int, data: GroupInput, cover: Image | None) -> Group:
    """Change what a group says and how it lets people in: its owners and moderators.

    Only owners change who gets in and who sees it. A secret group's posts stay its members'.
    Raises Forbidden, Invalid, Conflict ``members_too_many`` for a cap below what is there. Locks
    the group's row.
    """
    group, mine = require_moderator(actor, group_id)
    columns = data.columns()
    _check_words(actor, columns)
    with transaction.atomic():
        # Read behind its lock: what others decide meanwhile is not written back.
        group = Group.objects.select_for_update(no_key=True).get(pk=group.pk)
        if mine.role != "owner":
            kept = ("policy", "visibility", "domain", "most_members")
            columns |= {name: getattr(group, name) for name in kept}
        columns |= _organisation(actor, columns["domain"], group)
        if columns["colour"] != group.colour:
            columns["look"] = group.look + 1
        most = columns["most_members"]
        rows = Group.objects.filter(pk=group.pk)
        if most is not None:
            rows = rows.filter(members__lte=most)
        if rows.update(cover=cover, **columns) != 1:
            raise Conflict(_("There are more members than that already."), code="members_too_many")
        group.refresh_from_db()
    return group


def close_group(*, actor: Actor, group_id: int) -> None:
    """Close a group for good: nobody sees it or what was only for its members any more.

    Emits group.closed. Raises Forbidden.
    """
    group, _mine = require_owner(actor, group_id)
    with transaction.atomic():
        if Group.objects.filter(pk=group.pk, closed_at=None).update(closed_at=clock.now()):
            events.emit(GroupClosed(group_id=group.pk), actor=actor)


def hide_group(*, actor: Actor, group_id: int, reason: str) -> None:
    """Hide a group from everybody, for the platform. Repeatable. Emits group.hidden."""
    _show(actor, group_id, reason, hidden=True)


def show_group(*, actor: Actor, group_id: int, reason: str) -> None:
    """Show a hidden group again. Repeatable. Emits group.hidden."""
    _show(actor, group_id, reason, hidden=False)


def _show(actor: Actor, group_id: int, reason: str, *, hidden: bool) -> None:
    group = _for_office(actor, group_id)
    with transaction.atomic():
        if set_hidden(actor=actor, group_id=group.pk, hidden=hidden):
            _audit(actor, group, "group.hide" if hidden else "group.show", reason)


def set_hidden(*, actor: Actor, group_id: int, hidden: bool) -> bool:
    """Hide a group or show it again, for a decision recorded elsewhere; tell whether it was.

    In the caller's transaction. Repeatable. Emits group.hidden.
    """
    rows = Group.objects.filter(pk=group_id, hidden_at__isnull=hidden)
    if not rows.update(hidden_at=clock.now() if hidden else None):
        return False
    events.emit(GroupHidden(group_id=group_id, hidden=hidden), actor=actor)
    return True


def verify_group(*, actor: Actor, group_id: int, reason: str) -> None:
    """Vouch that a group is the organisation it says it is. Repeatable. Needs moderation."""
    group = _for_office(actor, group_id)
    with transaction.atomic():
        rows = Group.objects.filter(pk=group.pk, verified_at=None)
        if rows.update(kind="organisation", verified_at=clock.now()):
            _audit(actor, group, "group.verify", reason)


def _audit(actor: Actor, group: Group, act: str, reason: str) -> None:
    audit.record(
        actor=actor,
        action=act,
        subject_kind="group",
        subject_id=group.pk,
        subject_label=group.name,
        reason=reason,
    )


def _for_office(actor: Actor, group_id: int) -> Group:
    if not actor.has_role(*OFFICE):
        raise Forbidden()
    group = Group.objects.filter(pk=group_id).first()
    if group is None:
        raise NotFound()
    return group
