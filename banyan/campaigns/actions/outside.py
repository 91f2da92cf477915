"""Pictures of likes on other networks: shown by who collects, looked at by two people."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import MANAGERS
from banyan.catalog.queries import staff_of
from banyan.kernel import audit, clock, locks
from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Invalid, LoginRequired
from banyan.kernel.states import transition
from banyan.media.actions import claim_staged
from banyan.media.queries import original_pixels
from banyan.moderation.rules.pictures import difference_hash
from banyan.notify.actions import notify_each
from banyan.trust.queries import accounts_in, cluster_of

from ..access import get_instance_for, get_outside_for_staff
from ..effects import Effect, Promise, Tell
from ..mechanic import Arrival, Play, terms_of
from ..models import Instance, OutsidePicture
from ..problems import Refused
from ..rewards import cost_in, reward
from ..states import OUTSIDE
from ..words import titled
from .applying import Stage, apply

MOST = 3
"""Pictures that one may show for a play, with those that were refused."""
RULE = "outside"
REASON_LENGTH = 200


def show_outside(*, actor: Actor, code: str, picture: str) -> OutsidePicture:
    """Show a picture of likes elsewhere for one's own play; ``picture`` is a staged upload's token.

    One at a time, and none once one was accepted. The shop's managers are told. Locks instance.
    Raises LoginRequired, NotFound, Refused (not_yours, not_offered, over, paused, shown, pictures),
    Invalid without a picture, and StagedGone.
    """
    if actor.id is None:
        raise LoginRequired()
    found = get_instance_for(actor, code)
    if found.owner_id != actor.id:
        raise Refused("not_yours")
    if terms_of(found).outside is None:
        raise Refused("not_offered")
    if not picture:
        raise Invalid(fields={"picture": _("Add a picture.")})
    try:
        with transaction.atomic():
            locks.take([LockKey("instance", found.pk)])
            instance = get_instance_for(actor, code)
            _check_shown(instance)
            image = claim_staged(actor=actor, tokens=[picture])[0]
            made = OutsidePicture.objects.create(
                instance=instance,
                account_id=actor.id,
                image=image,
                look=difference_hash(original_pixels(image)),
                shown_at=clock.now(),
            )
            _tell_managers(instance)
    except IntegrityError as error:
        if "outside_once" not in str(error):
            raise
        raise Refused("shown") from error
    return made


def _check_shown(instance: Instance) -> None:
    if instance.campaign.state == "paused":
        raise Refused("paused")
    if instance.ended_at is not None or clock.now() >= instance.deadline:
        raise Refused("over")
    if OutsidePicture.objects.filter(instance=instance).count() >= MOST:
        raise Refused("pictures")


def _tell_managers(instance: Instance) -> None:
    campaign = instance.campaign
    managers = [one for one in staff_of(campaign.shop_id or 0) if one.role in MANAGERS]
    assert campaign.shop is not None
    notify_each(
        recipient_ids=[one.account_id for one in managers],
        kind="campaign.outside_shown",
        group_key=f"campaign.outside_shown:{campaign.pk}",
        url=f"/studio/{campaign.shop.slug}/campaigns/{campaign.pk}/pictures",
        data=titled(campaign),
    )


def accept_outside(*, actor: Actor, picture_id: int, reason: str = "") -> OutsidePicture:
    """Accept a picture: the first person vouches for it, a second one gives what it brings.

    For managers of the shop and for moderation, of whom nobody accepts their own and nobody both
    times, under whichever account. What it brings is given once for each play, out of what was
    promised; where the play is over meanwhile, out of what the budget still has. Its owner is told.
    Audited. Locks instance, and what a coupon locks. Raises NotFound, IllegalTransition where it
    was decided, Refused (own_picture, second, budget, drained).
    """
    with transaction.atomic():
        found, mine = _locked(actor, picture_id)
        if found.state == "waiting":
            transition(OUTSIDE, found, "vouched", actor=actor, first_id=actor.id)
        elif found.state == "vouched" and found.first_id in mine:
            raise Refused("second")
        else:
            _decide(actor, found, "accepted")
            _apply(actor, found.instance, _given(found))
        _note(actor, found, f"outside.{found.state}", reason.strip())
    return found


def refuse_outside(*, actor: Actor, picture_id: int, reason: str) -> OutsidePicture:
    """Refuse a picture, with a reason that its owner reads; another one can be shown then.

    As :func:`accept_outside`, but by one person, who may have vouched for it. Raises Invalid
    without a reason.
    """
    reason = reason.strip()
    if not reason or len(reason) > REASON_LENGTH:
        raise Invalid(fields={"reason": _("Say why, in up to 200 characters.")})
    with transaction.atomic():
        found, _mine = _locked(actor, picture_id)
        _decide(actor, found, "refused", why=reason)
        told = Tell(found.account_id, "campaign.outside_refused", {"reason": reason})
        _apply(actor, found.instance, [told])
        _note(actor, found, "outside.refused", reason)
    return found


def _locked(actor: Actor, picture_id: int) -> tuple[OutsidePicture, set[int]]:
    """Return a picture behind the lock of its play, and the accounts of who looks at it."""
    found = get_outside_for_staff(actor, picture_id)
    locks.take([LockKey("instance", found.instance_id)])
    found = get_outside_for_staff(actor, picture_id)
    mine = accounts_in(cluster_of(actor.id or 0))
    if found.account_id in mine:
        raise Refused("own_picture")
    return found, mine


def _decide(actor: Actor, found: OutsidePicture, to: str, *, why: str = "") -> None:
    transition(OUTSIDE, found, to, actor=actor, second_id=actor.id, decided_at=clock.now(), why=why)


def _given(found: OutsidePicture) -> list[Effect]:
    instance = found.instance
    terms, who = terms_of(instance), found.account_id
    asked = Play(instance.campaign, terms, instance, None, clock.now())
    given = reward(asked, who, terms.outside, rule=RULE, cause=f"play:{instance.pk}")
    cost = cost_in(instance.secret["costs"], terms.outside)
    # What a play that is over had been promised is free again: it has to be there still.
    more = [Promise(cost)] if instance.ended_at is not None else []
    return [*more, *given, Tell(who, "campaign.outside_accepted")]


def _apply(actor: Actor, instance: Instance, effects: list[Effect]) -> None:
    apply(effects, Stage(actor=actor, instance=instance, person=None, arrival=Arrival()))


def _note(actor: Actor, found: OutsidePicture, action: str, reason: str = "") -> None:
    audit.record(
        actor=actor,
        action=action,
        subject_kind="outside_picture",
        subject_id=found.pk,
        subject_label=found.instance.campaign.title,
        reason=reason,
    )
