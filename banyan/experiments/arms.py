"""Which arm a person is in: a function of the person and the experiment alone."""

from __future__ import annotations

import hashlib
import hmac

from .models import HELD_OUT, TREATED

SHARES = 10_000


def arm_of(key: bytes, *, experiment: str, subject_id: int, account_id: int, percent: int) -> str:
    """Return HELD_OUT for ``percent`` of all people, else TREATED; the same whenever it is asked.

    By HMAC-SHA256, so that nobody can choose an account to be in an arm, and the arms of two
    experiments have nothing to do with each other. The remainder's bias is below 10^-15.
    """
    if not 0 <= percent <= 100:
        raise ValueError("a share of people is 0 to 100 percent")
    text = f"{experiment}:{subject_id}:{account_id}".encode()
    number = int.from_bytes(hmac.digest(key, text, hashlib.sha256)[:8], "big")
    return HELD_OUT if number % SHARES < percent * SHARES // 100 else TREATED
