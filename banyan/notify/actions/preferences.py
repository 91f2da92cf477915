"""What members choose: switches, quiet hours, digest, strangers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.problems import Invalid, LoginRequired, NotFound

from ..families import FAMILIES
from ..models import Preference, Switch
from ..rules import DIGESTS, STRANGERS, next_digest, zones


@dataclass(frozen=True, slots=True)
class Where:
    """Where one family is told; without the page there is no push and no e-mail either."""

    page: bool
    push: bool
    email: bool


def set_switch(*, actor: Actor, family: str, where: Where) -> None:
    """Say where the actor is told of a family. Repeatable. Raises NotFound for no family of ours.

    Families that are always on the page stay there.
    """
    if actor.id is None:
        raise LoginRequired()
    found = FAMILIES.get(family)
    if found is None:
        raise NotFound()
    page = where.page or found.kept
    Switch.objects.update_or_create(
        account_id=actor.id,
        family=family,
        defaults={"page": page, "push": page and where.push, "email": page and where.email},
    )


def set_switches(*, actor: Actor, chosen: Collection[tuple[str, str]]) -> None:
    """Set all switches as a form says: (family, channel) of those that are on."""
    with transaction.atomic():
        for name in FAMILIES:
            on = {channel for family, channel in chosen if family == name}
            where = Where("page" in on, "push" in on, "email" in on)
            set_switch(actor=actor, family=name, where=where)


def set_preference(
    *,
    actor: Actor,
    time_zone: str,
    quiet: tuple[int | None, int | None],
    digest: str,
    strangers: str,
) -> Preference:
    """Set quiet hours (minutes after midnight, or None twice), digest and strangers. Repeatable.

    Raises Invalid, by field. A digest is next due at eight by the member's clock.
    """
    if actor.id is None:
        raise LoginRequired()
    start, end = quiet
    faults: dict[str, str] = {}
    if time_zone not in zones():
        faults["time_zone"] = str(_("Choose a time zone of the list."))
    if (start is None) != (end is None) or (start is not None and start == end):
        faults["quiet_until"] = str(_("Say when it begins and when it ends, or leave both empty."))
    if any(minute is not None and not 0 <= minute < 1440 for minute in quiet):
        faults["quiet_until"] = str(_("This is not a time of day."))
    if digest not in DIGESTS:
        faults["digest"] = str(_("Choose one of these."))
    if strangers not in STRANGERS:
        faults["strangers"] = str(_("Choose one of these."))
    if faults:
        raise Invalid(fields=faults)
    found, _made = Preference.objects.update_or_create(
        account_id=actor.id,
        defaults={
            "time_zone": time_zone,
            "quiet_from": start,
            "quiet_until": end,
            "digest": digest,
            "digest_at": next_digest(clock.now(), time_zone, digest),
            "strangers": strangers,
        },
        create_defaults={
            "time_zone": time_zone,
            "quiet_from": start,
            "quiet_until": end,
            "digest": digest,
            "digest_at": next_digest(clock.now(), time_zone, digest),
            "strangers": strangers,
            "token": new_code(120),
        },
    )
    return found


def end_digest(*, token: str) -> bool:
    """End a digest by the link of its e-mail; tells whether the link is one. Repeatable."""
    rows = Preference.objects.filter(token=token)
    return rows.update(digest="", digest_at=None) == 1
