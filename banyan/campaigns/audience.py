"""For whom a campaign is: which proof of being a person it asks for, from what age on, and whom.

Where people come from, what they speak and where they learnt counts as they have said themselves in
their profile. Ethnicity is asked for nowhere. Birthdays and declarations are read and not shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banyan.groups.access import is_member, living_groups, visible_groups
from banyan.groups.models import Group
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.digits import whole
from banyan.orders.actions.persons import has_paid_a_provider, is_newcomer
from banyan.people.models import Follow, Profile

from .models import AUDIENCES, DECLARED, TIERS, Campaign
from .persons import Person
from .problems import Refused

YOUNGEST, OLDEST = 14, 21
TIER_WORDS: Mapping[str, Any] = {
    "member": gettext_lazy("Everybody with an account"),
    "proven": gettext_lazy("With a proven e-mail address or phone number"),
    "buyer": gettext_lazy("Who has paid an order on this site"),
    "payer": gettext_lazy("Who has paid with money of their own, through a payment provider"),
}
AUDIENCE_WORDS: Mapping[str, Any] = {
    "all": gettext_lazy("Everybody who wants to"),
    "newcomers": gettext_lazy("Newcomers: who has never bought here; anybody can invite them"),
    "followers": gettext_lazy("Followers of the shop's owner"),
    "group": gettext_lazy("Members of a group"),
    "hometown": gettext_lazy("People of one hometown, as they say themselves"),
    "dialect": gettext_lazy("People of one dialect, as they say themselves"),
    "school": gettext_lazy("People of one school, as they say themselves"),
}
"""Everything that a campaign can be for; ``AUDIENCES`` and ``TIERS`` are what the table knows."""
NAMED = frozenset({"group", *DECLARED})
"""Audiences of which it has to be said which one."""


def faults_of_audience(
    *, tier: str, help_tier: str, min_age: int | None, audience: str, audience_of: str
) -> dict[str, Any]:
    """Return what is wrong with whom a campaign is for, by field."""
    wrong, fields = gettext_lazy("This cannot be chosen here."), {}
    if tier not in TIERS:
        fields["tier"] = wrong
    if help_tier and help_tier not in TIERS:
        fields["help_tier"] = wrong
    if min_age is not None and not YOUNGEST <= min_age <= OLDEST:
        fields["min_age"] = gettext_lazy("Enter an age from 14 to 21, or nothing.")
    if audience not in AUDIENCES:
        fields["audience"] = wrong
    elif (audience in NAMED) is not bool(audience_of.strip()) or len(audience_of.strip()) > 40:
        fields["audience_of"] = gettext_lazy("Say which one, in at most 40 letters, or choose all.")
    return fields


def is_narrowed(campaign: Campaign) -> bool:
    """Tell whether anything is asked of who takes part, beyond an account."""
    return (campaign.tier, campaign.min_age, campaign.audience) != ("member", None, "all")


def check_person(campaign: Campaign, person: Person, *, verb: str) -> None:
    """Refuse whoever has not the proof or the age that a campaign asks for at ``verb``.

    No statement where it asks for no more than a proven contact; one for each of the others.
    Raises Refused ``tier``, ``tier_buyer``, ``tier_payer``, ``age_unknown``, ``too_young``.
    """
    tier = (verb == "help" and campaign.help_tier) or campaign.tier
    if tier == "proven" and not person.is_proven:
        raise Refused("tier")
    if tier == "buyer" and is_newcomer(person.contacts):
        raise Refused("tier_buyer")
    if tier == "payer" and not has_paid_a_provider(person.accounts):
        raise Refused("tier_payer")
    if campaign.min_age is not None:
        _check_age(campaign.min_age, person)


def _check_age(least: int, person: Person) -> None:
    born = Profile.objects.filter(pk=person.account_id).values_list("birthday", flat=True).first()
    if born is None:
        raise Refused("age_unknown")
    today = clock.now().date()
    if (born.year + least, born.month, born.day) > (today.year, today.month, today.day):
        raise Refused("too_young")


def check_audience(
    actor: Actor, campaign: Campaign, person: Person, *, owner_id: int | None
) -> None:
    """Refuse whoever a campaign is not for. At most one statement; none where it is for all.

    ``owner_id`` is who began the play, who may bring newcomers without being one. Raises Refused
    ``newcomers_only``, ``followers_only``, ``group_only``, ``declared_only``.
    """
    audience = campaign.audience
    if audience == "newcomers":
        if owner_id not in person.accounts and not is_newcomer(person.contacts):
            raise Refused("newcomers_only")
    elif audience == "followers":
        if not _follows(campaign, person.account_id):
            raise Refused("followers_only")
    elif audience == "group":
        if not is_member(actor, int(campaign.audience_of)):
            raise Refused("group_only")
    elif audience in DECLARED:
        said = Profile.objects.filter(pk=person.account_id).values_list(audience, flat=True).first()
        if _plain(said or "") != _plain(campaign.audience_of):
            raise Refused("declared_only")


def _follows(campaign: Campaign, account_id: int) -> bool:
    owner_id = campaign.shop.owner_id if campaign.shop else None
    rows = Follow.objects.filter(follower_id=account_id, followee_id=owner_id, state=1)
    return account_id == owner_id or rows.exists()


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def who_can(campaign: Campaign) -> list[str]:
    """Return in words who can take part, besides the age; empty where everybody can."""
    lines = [str(TIER_WORDS[campaign.tier])] if campaign.tier != "member" else []
    if campaign.help_tier not in {"", campaign.tier}:
        lines.append(_("Who helps: %(who)s") % {"who": TIER_WORDS[campaign.help_tier]})
    if campaign.audience != "all":
        words = str(AUDIENCE_WORDS[campaign.audience])
        which = _told_of(campaign)
        lines.append(_("%(who)s: %(which)s") % {"who": words, "which": which} if which else words)
    return lines


def asked_of(campaign: Campaign) -> list[str]:
    """Return in words all that is asked of who takes part, the age among it."""
    lines = who_can(campaign)
    if campaign.min_age is not None:
        lines.append(_("From %(age)d years on") % {"age": campaign.min_age})
    return lines


def which_of(campaign: Campaign) -> str:
    """Return which group (by its address), hometown, dialect or school it is for, or nothing.

    For those who manage the campaign: the group may be one that others do not know of.
    """
    return _slug(campaign, living_groups())


def _told_of(campaign: Campaign) -> str:
    """Return the same for everybody: a secret group is told to nobody, its members know."""
    return _slug(campaign, visible_groups(Actor.guest()))


def _slug(campaign: Campaign, groups: QuerySet[Group]) -> str:
    if campaign.audience != "group":
        return campaign.audience_of
    rows = groups.filter(pk=whole(campaign.audience_of) or 0)
    return rows.values_list("slug", flat=True).first() or ""
