"""Seeds of instances: sealed at rest, their fingerprints public from the beginning."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from banyan.kernel import fairness, keyrings
from banyan.kernel.keyrings import Ring

from .models import Instance

if TYPE_CHECKING:
    from .mechanic import Provable


def commit(chance: Provable) -> tuple[str, Mapping[str, Any]]:
    """Draw a seed; return it sealed, and the fingerprints that are published now."""
    seed = fairness.new_seed()
    published = json.loads(chance.proof(seed))["published"]
    return keyrings.seal(Ring.DRAWS, seed).hex(), published


def seed_of(instance: Instance) -> bytes:
    """Open the seed of an instance. What it says stays with us until the instance is over."""
    return keyrings.unseal(Ring.DRAWS, bytes.fromhex(instance.secret["seed"]))
