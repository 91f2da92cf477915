"""A public beacon: what it says at a round to come is known to nobody before, us included.

The operator names one (``BEACON_*``); without, draws do without. Only the form of what it says is
checked here; that the beacon's group has signed it anybody can check with the beacon's own tools.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from banyan.media.fetching import NotFetched, fetch_json

MARGIN = dt.timedelta(minutes=10)
"""Between the end of a draw and the round that decides: the list is public in between."""


class Silent(Exception):  # noqa: N818 - reads as what it says
    """The beacon has not said it, or something that cannot be it."""


def is_set() -> bool:
    """Tell whether the operator has named a beacon."""
    return bool(settings.BEACON["url"])


def named(ends_at: dt.datetime) -> Mapping[str, Any]:
    """Return what is published of the round that decides a draw that ends at ``ends_at``.

    ``url``, ``chain``, ``genesis`` and ``period`` (Unix seconds), ``round``: the first at or after
    the end and MARGIN; ``at``: its moment, ISO 8601.
    """
    chosen: Mapping[str, Any] = settings.BEACON
    wanted = int((ends_at + MARGIN).timestamp()) - chosen["genesis"]
    round_ = max(1, 1 - (-wanted // chosen["period"]))
    at = dt.datetime.fromtimestamp(chosen["genesis"] + (round_ - 1) * chosen["period"], tz=dt.UTC)
    return {**chosen, "round": round_, "at": at.isoformat()}


def name_of(told: Mapping[str, Any]) -> str:
    """Return how a round is called in the terms of a draw."""
    return f"drand {told['chain']} {told['round']}"


def signature_of(told: Mapping[str, Any]) -> str:
    """Ask the beacon for its round; return the signature, in hex. Raises Silent. Blocks.

    Its SHA-256 has to be the randomness that is told beside it.
    """
    try:
        said = json.loads(fetch_json(f"{told['url']}/{told['chain']}/public/{told['round']}"))
        signature = bytes.fromhex(said["signature"])
        randomness, number = said["randomness"], said["round"]
    except (NotFetched, ValueError, KeyError, TypeError) as error:
        raise Silent(str(error)) from error
    if number != told["round"] or hashlib.sha256(signature).hexdigest() != randomness:
        raise Silent("round or randomness are others than was asked for")
    return signature.hex()
