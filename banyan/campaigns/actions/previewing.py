"""A draft tried out with two phones: played by the real actions, and nothing of it stays."""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from django.utils.translation import gettext as _

from banyan.kernel import clock, fairness, keyrings, locks
from banyan.kernel.actors import Actor
from banyan.kernel.digits import whole
from banyan.kernel.keyrings import BadSeal, Ring
from banyan.kernel.problems import Conflict, NotFound, Problem
from banyan.people.actions import create_account

from ..access import get_campaign_for_staff, get_instance_for
from ..blocks import Block, Next
from ..honour import blocks_of
from ..mechanic import VERBS, mechanic
from ..models import Campaign, Preview
from ..problems import Refused
from ..queries import shown
from .planning import publish_campaign
from .playing import begin, play

LASTS = dt.timedelta(hours=1)
MOST_STEPS = 40
YOURS, FRIENDS = "yours", "friends"
PHONES = (YOURS, FRIENDS)
BEGIN, ANOTHER = "begin", "another"
"""What is done besides VERBS: you begin, and another friend takes the friends' phone."""


@dataclass(frozen=True, slots=True)
class Step:
    """What happened, and what both phones show then; ``refused`` says why it went no further."""

    title: str
    yours: Sequence[Block] = ()
    friends: Sequence[Block] = ()
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Screen:
    """What one phone of a preview shows; ``begun`` once there is a play. ``refused``: see Step."""

    campaign: Campaign
    phone: str
    begun: bool = False
    blocks: Sequence[Block] = ()
    friend: int = 1
    refused: str = ""


class _Trial:
    """A draft that is published and played by made-up people, inside a rehearsal."""

    def __init__(self, actor: Actor, campaign: Campaign) -> None:
        now = clock.now()
        if campaign.starts_at > now:
            Campaign.objects.filter(pk=campaign.pk).update(starts_at=now)
        published = publish_campaign(actor=actor, campaign_id=campaign.pk)
        self.is_elsewhere = bool(mechanic(campaign.mechanic).entry_url(published))
        # Made-up people are nobody's followers and have proven nothing.
        Campaign.objects.filter(pk=campaign.pk).update(
            tier="member", help_tier="", min_age=None, audience="all", audience_of=""
        )
        self.campaign, self.code, self.friend = campaign, "", 1
        self.people = {YOURS: _somebody(_("You")), FRIENDS: _somebody(_("A friend"))}

    def begin(self, subject: int | None = None) -> None:
        """Let you begin; once."""
        if not self.code:
            you = self.people[YOURS]
            made = begin(actor=you, code=self.campaign.code, cause="preview", subject=subject)
            self.code = made.code

    def play(self, phone: str, verb: str, given: Mapping[str, Any]) -> str:
        """Do something on a phone; return where it leads to."""
        if verb == ANOTHER and phone == FRIENDS:
            self.friend += 1
            self.people[FRIENDS] = _somebody(_("A friend"))
            return ""
        if not self.code:
            raise Refused("not_yet")
        return play(
            actor=self.people[phone], code=self.code, verb=verb, given={"named": "1", **given}
        ).next_url

    def blocks(self, phone: str) -> list[Block]:
        """Return what a phone shows of the play."""
        who = self.people[phone]
        return blocks_of(shown(who, get_instance_for(who, self.code)))

    def step(self, title: str) -> Step:
        """Return what both phones show."""
        return Step(title, self.blocks(YOURS), self.blocks(FRIENDS))


def preview_campaign(*, actor: Actor, campaign_id: int) -> list[Step]:
    """Play a draft with two made-up members: one begins, a friend does what is offered to them.

    Everything is undone at the end: no row, no event, no posting, nothing counted. Empty for a
    mechanic that is played elsewhere. Conflict ``campaign_published`` for what is no draft.
    """
    campaign = _draft(actor, campaign_id)
    steps: list[Step] = []
    with locks.rehearsal():
        try:
            _run(_Trial(actor, campaign), steps)
        except Problem as problem:
            steps.append(Step(_("It went no further"), refused=_said(problem)))
    return steps


def _run(trial: _Trial, steps: list[Step]) -> None:
    if trial.is_elsewhere:
        return
    trial.begin()
    steps.append(trial.step(_("You begin, and a friend opens your link")))
    offered = _offer(steps[-1].friends)
    if offered is not None:
        next_url = trial.play(FRIENDS, offered.verb, {})
        step = trial.step(_("Your friend presses “%(label)s”") % {"label": offered.label})
        if next_url:
            step = replace(step, refused=_("From here your friend goes on to the checkout."))
        steps.append(step)
    offered = _offer(steps[-1].yours)
    if offered is not None:
        trial.play(YOURS, offered.verb, {})
        steps.append(trial.step(_("You press “%(label)s”") % {"label": offered.label}))


def open_preview(*, actor: Actor, campaign_id: int) -> Preview:
    """Let a draft be tried out on two phones for an hour; the one before is over.

    Whoever has a phone's link (see :func:`links_of`) plays, without an account. Conflict
    ``campaign_published`` for what is no draft.
    """
    campaign, now = _draft(actor, campaign_id), clock.now()
    assert actor.id is not None  # nobody else manages a shop
    campaign.previews.all().delete()
    return Preview.objects.create(
        campaign=campaign, account_id=actor.id, created_at=now, expires_at=now + LASTS
    )


def preview_of(*, actor: Actor, campaign_id: int) -> Preview | None:
    """Return the preview of a draft that is under way, if there is one."""
    campaign = get_campaign_for_staff(actor, campaign_id)
    return campaign.previews.filter(expires_at__gt=clock.now()).order_by("-id").first()


def links_of(preview: Preview) -> dict[str, str]:
    """Return the signed name of each phone, for its address."""
    return {phone: keyrings.sign(Ring.PREVIEWS, f"{preview.pk}.{phone}") for phone in PHONES}


def look(*, token: str) -> Screen:
    """Return what a phone shows now. NotFound for what we have not signed or what is over."""
    preview, phone = _preview(token)
    with _replay(preview) as (trial, refused):
        if trial is None:
            return Screen(preview.campaign, phone, refused=refused)
        begun = bool(trial.code)
        blocks = trial.blocks(phone) if begun else ()
        return Screen(preview.campaign, phone, begun, blocks, trial.friend, refused)


def press(*, token: str, verb: str, given: Mapping[str, str]) -> str:
    """Do something on a phone; returns where it would lead, a checkout say, or nothing.

    What is refused is not kept. Raises NotFound as :func:`look` does, Refused and whatever the play
    raises, and Conflict ``preview_busy`` where the other phone was faster.
    """
    preview, phone = _preview(token)
    known = {YOURS: {BEGIN, *VERBS}, FRIENDS: {ANOTHER, *VERBS}}[phone]
    if verb not in known or len(preview.steps) >= MOST_STEPS:
        raise Refused("not_offered", detail=verb)
    now = clock.now()
    step = {"at": now.isoformat(), "phone": phone, "verb": verb, "given": dict(given)}
    with _replay(preview) as (trial, refused):
        if trial is None or refused:
            raise Conflict(refused, code="preview_stuck")
        next_url = _do(trial, step, preview.pk)
    unchanged = Preview.objects.filter(pk=preview.pk, steps=preview.steps, expires_at__gt=now)
    if unchanged.update(steps=[*preview.steps, step]) != 1:
        raise Conflict(_("The other phone was faster. Look again."), code="preview_busy")
    return next_url


@contextmanager
def _replay(preview: Preview) -> Iterator[tuple[_Trial | None, str]]:
    """Play all steps again as they were, and undo everything at the end.

    Gives the trial, None where the draft cannot be published, and why it went no further.
    """
    who = Actor(kind="member", id=preview.account_id)
    trial, refused = None, ""
    root = hmac.digest(keyrings.keys(Ring.PREVIEWS)[0], str(preview.pk).encode(), sha256)
    with locks.rehearsal(), fairness.rehearsed(root):
        try:
            with clock.at(preview.created_at):
                trial = _Trial(who, _draft(who, preview.campaign_id))
            for step in preview.steps:
                with clock.at(dt.datetime.fromisoformat(step["at"])):
                    _do(trial, step, preview.pk)
        except Problem as problem:
            refused = _said(problem)
        yield trial, refused


def _do(trial: _Trial, step: Mapping[str, Any], subject: int) -> str:
    if step["verb"] == BEGIN:
        trial.begin(subject)
        return ""
    return trial.play(step["phone"], step["verb"], step["given"])


def _preview(token: str) -> tuple[Preview, str]:
    try:
        said = keyrings.unsign(Ring.PREVIEWS, token)
    except BadSeal as error:
        raise NotFound() from error
    number, _dot, phone = said.partition(".")
    rows = Preview.objects.select_related("campaign__shop", "campaign__version")
    live = rows.filter(pk=whole(number) or 0, expires_at__gt=clock.now(), campaign__state="draft")
    found = live.first()
    if found is None or phone not in PHONES:
        raise NotFound()
    return found, phone


def _draft(actor: Actor, campaign_id: int) -> Campaign:
    campaign = get_campaign_for_staff(actor, campaign_id)
    if campaign.state != "draft":
        raise Conflict(_("What is published can be played as it is."), code="campaign_published")
    return campaign


def _said(problem: Problem) -> str:
    return " ".join(map(str, (problem.message, *problem.fields.values())))


def _somebody(name: str) -> Actor:
    made = create_account(actor=Actor.system("preview"), contact=None, display_name=name)
    return Actor(kind="member", id=made.pk)


def _offer(blocks: Sequence[Block]) -> Next | None:
    """Return the first thing that a phone offers to do here and now."""
    asked = (one for one in blocks if isinstance(one, Next) and not one.url)
    return next((one for one in asked if one.verb in VERBS), None)
