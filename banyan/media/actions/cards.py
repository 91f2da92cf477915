"""Posters and cards, drawn once for the same inputs."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from banyan.kernel import clock
from banyan.kernel.actors import Actor

from .. import posters, store

FOLDER = "cards"


def drawn_once(*, inputs: Mapping[str, Any], draw: Callable[[], bytes]) -> bytes:
    """Return the JPEG of ``inputs`` (plain values), drawing and keeping it if it is not there.

    The key also holds the design and the month, so that cards nobody asks for any more can go.
    Repeatable; two at once draw twice and keep one.
    """
    month = clock.now().strftime("%Y-%m")
    key = json.dumps([posters.DESIGN, inputs], sort_keys=True, default=str)
    name = f"{FOLDER}/{month}/{sha256(key.encode()).hexdigest()[:40]}.jpg"
    storage = store.public()
    try:
        return store.read(storage, name)
    except FileNotFoundError:
        data = draw()
        store.put(storage, name, data)
        return data


def sweep_cards(*, actor: Actor) -> int:
    """Remove the cards of all months but this and the last one; returns how many."""
    now = clock.now()
    last = now.replace(day=1) - dt.timedelta(days=1)
    living = {now.strftime("%Y-%m"), last.strftime("%Y-%m")}
    storage = store.public()
    try:
        months, _ = storage.listdir(FOLDER)
    except FileNotFoundError:
        return 0
    removed = 0
    for month in set(months) - living:
        for name in storage.listdir(f"{FOLDER}/{month}")[1]:
            storage.delete(f"{FOLDER}/{month}/{name}")
            removed += 1
    return removed
