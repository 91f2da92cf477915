"""Proof files of plays, and the lists of a draw as they were frozen."""

from __future__ import annotations

from banyan.kernel.fairness import Entrant
from banyan.kernel.problems import NotFound
from banyan.kernel.proofs import Frozen, Void

from .mechanic import mechanic, terms_of
from .models import Instance, ProofFile
from .seeds import seed_of


def proof_file(instance: Instance) -> str:
    """Return the proof file of a play; NotFound before there is one, and without chance.

    Of an entry of a draw it says that it is in the list, as soon as that is frozen; of everything
    else how it was decided, once it is over.
    """
    kind = mechanic(instance.campaign.mechanic)
    if kind.pooled:
        return _entry_proof(instance)
    chance = kind.chance_of(instance, terms_of(instance))
    if chance is None or instance.ended_at is None:
        raise NotFound()
    return chance.proof(seed_of(instance))


def _entry_proof(instance: Instance) -> str:
    file = ProofFile.objects.filter(campaign=instance.campaign_id).first()
    frozen = frozen_of(file) if file is not None else Frozen([], [])
    codes = [entry.id for entry in frozen.entries]
    if instance.code not in codes:
        raise NotFound()
    return frozen.entry_proof(codes.index(instance.code))


def frozen_of(file: ProofFile) -> Frozen:
    """Return the lists of a draw as they were frozen."""
    entries = [Entrant(*row) for row in file.entries]
    return Frozen(entries, [Void(*row) for row in file.voids])
