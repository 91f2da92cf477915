"""A draft tried out with two phones: played by the real actions, and nothing of it stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from banyan.kernel import clock, locks
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Problem
from banyan.people.actions import create_account

from ..access import get_campaign_for_staff, get_instance_for
from ..blocks import Block, Next
from ..honour import blocks_of
from ..mechanic import VERBS, mechanic
from ..models import Campaign
from ..queries import shown
from .planning import publish_campaign
from .playing import begin, play


@dataclass(frozen=True, slots=True)
class Step:
    """What happened, and what both phones show then; ``refused`` says why it went no further."""

    title: str
    yours: Sequence[Block] = ()
    friends: Sequence[Block] = ()
    refused: str = ""


def preview_campaign(*, actor: Actor, campaign_id: int) -> list[Step]:
    """Play a draft with two made-up members: one begins, a friend does what is offered to them.

    Everything is undone at the end: no row, no event, no posting, nothing counted. Empty for a
    mechanic that is played elsewhere. Conflict ``campaign_published`` for what is no draft.
    """
    campaign = get_campaign_for_staff(actor, campaign_id)
    if campaign.state != "draft":
        raise Conflict(_("What is published can be played as it is."), code="campaign_published")
    steps: list[Step] = []
    with locks.rehearsal():
        try:
            _play(actor, campaign, steps)
        except Problem as problem:
            said = [str(problem.message), *(str(text) for text in problem.fields.values())]
            steps.append(Step(_("It went no further"), refused=" ".join(said)))
    return steps


def _play(actor: Actor, campaign: Campaign, steps: list[Step]) -> None:
    now = clock.now()
    if campaign.starts_at > now:
        Campaign.objects.filter(pk=campaign.pk).update(starts_at=now)
    published = publish_campaign(actor=actor, campaign_id=campaign.pk)
    if mechanic(campaign.mechanic).entry_url(published):
        return
    you, friend = _somebody(_("You")), _somebody(_("A friend"))
    made = begin(actor=you, code=campaign.code, cause="preview")

    def look(title: str) -> Step:
        yours, theirs = (
            blocks_of(shown(who, get_instance_for(who, made.code))) for who in (you, friend)
        )
        return Step(title, yours, theirs)

    steps.append(look(_("You begin, and a friend opens your link")))
    offered = _offer(steps[-1].friends)
    if offered is not None:
        done = play(actor=friend, code=made.code, verb=offered.verb, given={"named": "1"})
        step = look(_("Your friend presses “%(label)s”") % {"label": offered.label})
        if done.next_url:
            step = replace(step, refused=_("From here your friend goes on to the checkout."))
        steps.append(step)
    offered = _offer(steps[-1].yours)
    if offered is not None:
        play(actor=you, code=made.code, verb=offered.verb)
        steps.append(look(_("You press “%(label)s”") % {"label": offered.label}))


def _somebody(name: str) -> Actor:
    made = create_account(actor=Actor.system("preview"), contact=None, display_name=name)
    return Actor(kind="member", id=made.pk)


def _offer(blocks: Sequence[Block]) -> Next | None:
    """Return the first thing that a phone offers to do here and now."""
    asked = (one for one in blocks if isinstance(one, Next) and not one.url)
    return next((one for one in asked if one.verb in VERBS), None)
