"""Draws of pooled campaigns: voids, freeze, reveal, and prizes that move up. All repeatable.

An entry is an instance; whoever began it is its participation. What the draw came to is kept with
that: ``rank`` in the order (0: not in it), and ``prize``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from banyan.kernel import clock, fairness, locks
from banyan.kernel.actors import Actor
from banyan.kernel.fairness import Entrant
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Conflict
from banyan.kernel.proofs import Void, freeze

from .. import beacon
from ..chance.draws import Draw, prizes_of, proof, winners
from ..effects import Effect, Keep
from ..mechanic import DRAW, OWNER, Arrival, Mechanic, Play, mechanic, terms_of
from ..models import Campaign, Instance, Participation, ProofFile
from ..proofs import frozen_of
from .applying import Stage, apply

logger = logging.getLogger(__name__)
MOST_TOLD = 100
"""Entries that are told at a time: other campaigns wait meanwhile."""
Said = Callable[[Play[Any], Participation], Sequence[Effect]]


def draw(*, actor: Actor, campaign: Campaign) -> None:
    """Do what is due for a draw whose entries are all closed: see the module. Locks campaign.

    Each step is a transaction of its own, so that the list and its root are public before the seed
    is opened, and an entry's row is locked for itself.
    """
    kind = mechanic(campaign.mechanic)
    assert campaign.version is not None
    terms = kind.terms.model_validate(campaign.version.terms)
    if "root" not in campaign.public:
        _void(actor, campaign, kind, terms)
        if not _freeze(campaign, kind, terms):
            return
    plan = kind.draw_of(campaign, terms)
    if "proof" not in campaign.public and not _reveal(campaign, plan):
        return
    if _tell(actor, campaign, kind, plan):
        _pass_on(actor, campaign, kind, plan)


def _running(campaign: Campaign) -> QuerySet[Participation]:
    rows = Participation.objects.filter(
        campaign=campaign, role=OWNER, state="in", instance__ended_at=None
    )
    return rows.select_related("instance").order_by("id")


def _void(actor: Actor, campaign: Campaign, kind: Mechanic[Any], terms: Any) -> None:
    people = list(_running(campaign))
    standing = kind.standing(campaign, terms, people)
    for one in people:
        reason = standing[one.pk].void
        if reason:
            _act(actor, one, _voids(kind, reason))


def _voids(kind: Mechanic[Any], reason: str) -> Said:
    return lambda play, mine: [Keep(mine, {"void": reason}), *kind.voided(play, reason)]


def _freeze(campaign: Campaign, kind: Mechanic[Any], terms: Any) -> bool:
    """Fix the lists; tells whether they are. Somebody who is void by now is asked again first."""
    with transaction.atomic():
        locks.take([LockKey("campaign", campaign.pk)])
        campaign.refresh_from_db(fields=["public"])
        if "root" in campaign.public:
            return True
        people = list(_running(campaign))
        standing = kind.standing(campaign, terms, people)
        if any(one.void for one in standing.values()):
            return False
        for one in people:
            one.weight = standing[one.pk].chances
        void = Participation.objects.filter(campaign=campaign, role=OWNER, data__has_key="void")
        frozen = freeze(
            (Entrant(one.instance.code, one.weight, one.data.get("word", "")) for one in people),
            (
                Void(code, reason)
                for code, reason in void.values_list("instance__code", "data__void")
            ),
        )
        Participation.objects.bulk_update(people, ["weight"], batch_size=1000)
        ProofFile.objects.create(
            campaign=campaign, entries=frozen.rows, voids=[list(one) for one in frozen.voids]
        )
        _publish(
            campaign,
            root=frozen.root,
            voids=frozen.voids_hash,
            frozen_at=clock.now().isoformat(),
        )
    return True


def _reveal(campaign: Campaign, plan: Draw) -> bool:
    """Open the seed and write the proof; False while something is waited for."""
    with transaction.atomic():
        locks.take([LockKey("campaign", campaign.pk)])
        campaign.refresh_from_db(fields=["public"])
        if "proof" in campaign.public:
            return True
        signature = _outside(campaign)
        if signature is None:
            return False
        file = ProofFile.objects.get(campaign=campaign)
        frozen = frozen_of(file)
        if frozen.root != campaign.public["root"]:
            raise Conflict(code="list_changed", detail=f"entries of campaign {campaign.pk}")
        seed = fairness.reveal(purpose=DRAW, subject_id=campaign.pk)
        file.text = proof(plan, frozen, seed=seed, signature=signature)
        file.save(update_fields=["text"])
        _publish(campaign, proof=hashlib.sha256(file.text.encode()).hexdigest())
    return True


def _outside(campaign: Campaign) -> str | None:
    """Return what the named beacon said; "" without one, or if it was silent; None: wait."""
    told = campaign.public.get("beacon")
    if told is None:
        return ""
    if "signature" in told:
        return str(told["signature"])
    until = dt.datetime.fromisoformat(told["at"]) + dt.timedelta(hours=told["hours"])
    return "" if clock.now() >= until else None


def _publish(campaign: Campaign, **more: object) -> None:
    campaign.public = campaign.public | more
    campaign.save(update_fields=["public"])


def ask_beacons(*, actor: Actor) -> int:
    """Ask for the rounds whose moment has come and whose lists are frozen; returns how many spoke.

    Outside any transaction: a beacon may be slow.
    """
    heard = 0
    waiting = Campaign.objects.filter(
        state="ended", public__has_key="root", public__beacon__has_key="round"
    ).exclude(public__has_key="proof")
    for campaign in waiting:
        told = campaign.public["beacon"]
        if "signature" in told or clock.now() < dt.datetime.fromisoformat(told["at"]):
            continue
        try:
            signature = beacon.signature_of(told)
        except beacon.Silent as silent:
            logger.warning("beacon of campaign %s: %s", campaign.pk, silent)
            continue
        with transaction.atomic():
            locks.take([LockKey("campaign", campaign.pk)])
            campaign.refresh_from_db(fields=["public"])
            if "proof" not in campaign.public:
                _publish(campaign, beacon=told | {"signature": signature})
                heard += 1
    return heard


def _tell(actor: Actor, campaign: Campaign, kind: Mechanic[Any], plan: Draw) -> bool:
    """Tell some of the entries what they were drawn for; tells whether all of them know."""
    fresh = list(_running(campaign).exclude(data__has_key="rank")[:MOST_TOLD])
    if not fresh:
        return True
    order = json.loads(ProofFile.objects.get(campaign=campaign).text)["result"]
    ranks = {code: n for n, code in enumerate(order, start=1)}
    prizes = dict(winners(plan, order))
    for one in fresh:
        rank, prize = ranks.get(one.instance.code, 0), prizes.get(one.instance.code)
        _act(actor, one, _draws(kind, rank, prize))
    return len(fresh) < MOST_TOLD


def _draws(kind: Mechanic[Any], rank: int, prize: str | None) -> Said:
    def said(play: Play[Any], mine: Participation) -> Sequence[Effect]:
        if "prize" in mine.data:
            return []
        kept = {"rank": rank} if prize is None else {"rank": rank, "prize": prize}
        return [Keep(mine, kept), *kind.drawn(replace(play, place=rank), prize)]

    return said


def _pass_on(actor: Actor, campaign: Campaign, kind: Mechanic[Any], plan: Draw) -> None:
    """Give prizes that came free to those who are next; nobody waits when all are taken."""
    while waiting := _waiting(campaign):
        free = _free(campaign, plan)
        if not free:
            break
        _act(actor, waiting[0], _moves_up(campaign, kind, plan, free[0]), also=campaign)
    if not _running(campaign).filter(data__has_key="prize").exists():
        for one in waiting:
            _act(actor, one, _draws(kind, 0, None))


def _moves_up(campaign: Campaign, kind: Mechanic[Any], plan: Draw, prize: str) -> Said:
    def say(play: Play[Any], mine: Participation) -> Sequence[Effect]:
        # Asked again behind the locks: somebody else may have passed it on meanwhile.
        if prize not in _free(campaign, plan):
            return []
        return _draws(kind, mine.data["rank"], prize)(play, mine)

    return say


def _waiting(campaign: Campaign) -> list[Participation]:
    """Return the runners-up who have no prize yet, in the order in which they move up."""
    rows = _running(campaign).filter(data__rank__gt=0).exclude(data__has_key="prize")
    return sorted(rows, key=lambda one: one.data["rank"])


def _free(campaign: Campaign, plan: Draw) -> list[str]:
    """Return the prizes that nobody has, or may still claim; the best first."""
    rows = Participation.objects.filter(
        campaign=campaign, role=OWNER, state__in=["in", "won"], data__has_key="prize"
    )
    held = Counter(rows.values_list("data__prize", flat=True))
    free = []
    for prize in prizes_of(plan):
        if held[prize]:
            held[prize] -= 1
        else:
            free.append(prize)
    return free


def _act(actor: Actor, one: Participation, say: Said, *, also: Campaign | None = None) -> None:
    """Do to an entry what ``say`` says, in a transaction; one that is over is left as it is."""
    keys = [LockKey("instance", one.instance_id)]
    if also is not None:
        keys.append(LockKey("campaign", also.pk))
    rows = Participation.objects.select_related("instance__campaign__shop", "instance__version")
    with transaction.atomic():
        locks.take(keys)
        mine = rows.get(pk=one.pk)
        instance: Instance = mine.instance
        if mine.state != "in" or instance.ended_at is not None:
            return
        play = Play(instance.campaign, terms_of(instance), instance, None, clock.now(), mine=mine)
        stage = Stage(actor=actor, instance=instance, person=None, arrival=Arrival())
        apply(say(play, mine), stage)
