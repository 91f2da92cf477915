"""Seeds of single instances: sealed at rest, their fingerprint public from the beginning."""

from __future__ import annotations

import secrets

from banyan.kernel import fairness, keyrings
from banyan.kernel.keyrings import Ring

from .models import Instance


def new_seed() -> tuple[bytes, str, str]:
    """Return a seed, how it is kept (sealed), and its public fingerprint (SHA-256, hex)."""
    seed = secrets.token_bytes(fairness.SEED_BYTES)
    return seed, keyrings.seal(Ring.DRAWS, seed).hex(), fairness.commitment(seed)


def seed_of(instance: Instance) -> bytes:
    """Open the seed of an instance. What it says stays with us until the instance is over."""
    return keyrings.unseal(Ring.DRAWS, bytes.fromhex(instance.secret["seed"]))
