"""Draws that anyone can check: commit, freeze, reveal.

* **commit**, before entries open: a random seed is made and sealed; its SHA-256 is published.
* **freeze**, at the close: the entrants (opaque id, weight), sorted by id, become a Merkle root
  that is published with an inclusion proof for each of them.
* **reveal**: the seed is published. ``key = HMAC-SHA256(seed, root|randomness|draw)``, where
  randomness comes from outside, drives a draw without replacement. Nobody, the operator included,
  could choose the winners: the seed was fixed before the entrants and these before the randomness.

Everything but :func:`commit` and :func:`reveal` is pure, so that a verifier can repeat it. The
formats below are published promises: changing one needs a new rule version.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from django.db import transaction

from . import clock, keyrings
from .keyrings import Ring
from .models import Seed
from .problems import Conflict, NotFound

SEED_BYTES = 32


class Entrant(NamedTuple):
    """``id`` is opaque and public, without line breaks; ``weight`` is at least 1.

    ``word`` is what the entrant gave to the root, so that nobody knows it beforehand; or empty.
    """

    id: str
    weight: int = 1
    word: str = ""


class Step(NamedTuple):
    """One step of an inclusion proof: the sibling's hash in hex, and on which side it stands."""

    sibling: str
    on_left: bool


_rehearsed: ContextVar[Iterator[bytes] | None] = ContextVar("rehearsed", default=None)


def new_seed() -> bytes:
    """Return a fresh secret seed of SEED_BYTES."""
    rehearsed = _rehearsed.get()
    return secrets.token_bytes(SEED_BYTES) if rehearsed is None else next(rehearsed)


@contextmanager
def rehearsed(root: bytes) -> Iterator[None]:
    """Let seeds follow from ``root``, so that what is undone can be played again just the same.

    Only within :func:`banyan.kernel.locks.rehearsal`: nothing that is drawn so can stay.
    """
    made = (hmac.digest(root, str(n).encode(), hashlib.sha256) for n in itertools.count())
    token = _rehearsed.set(made)
    try:
        yield
    finally:
        _rehearsed.reset(token)


def commit(*, purpose: str, subject_id: int) -> str:
    """Make and seal the seed of a draw; return its commitment (SHA-256, hex). Repeatable."""
    seed = new_seed()
    row, _ = Seed.objects.get_or_create(
        purpose=purpose,
        subject_id=subject_id,
        defaults={
            "commitment": commitment(seed),
            "sealed": keyrings.seal(Ring.DRAWS, seed),
            "created_at": clock.now(),
        },
    )
    return row.commitment


def use(*, purpose: str, subject_id: int) -> bytes:
    """Open a seed that decides many times and stays secret until the last one; as :func:`reveal`.

    Raises NotFound when nothing was committed, Conflict when the seed is not the committed one.
    """
    return _opened(Seed.objects.filter(purpose=purpose, subject_id=subject_id).first())


def reveal(*, purpose: str, subject_id: int) -> bytes:
    """Open the seed of a draw and note when; only after the freeze. Repeatable.

    Raises NotFound when nothing was committed, Conflict when the seed is not the committed one.
    """
    rows = Seed.objects.filter(purpose=purpose, subject_id=subject_id)
    with transaction.atomic():
        seed = _opened(rows.select_for_update(no_key=True).first())
        rows.filter(revealed_at=None).update(revealed_at=clock.now())
    return seed


def _opened(row: Seed | None) -> bytes:
    if row is None:
        raise NotFound(detail="no seed was committed to")
    seed = keyrings.unseal(Ring.DRAWS, row.sealed)
    if commitment(seed) != row.commitment:
        raise Conflict(code="seed_changed", detail=f"seed of {row.purpose} {row.subject_id}")
    return seed


def commitment(seed: bytes) -> str:
    """Return what is published about ``seed`` before the draw."""
    return hashlib.sha256(seed).hexdigest()


def freeze(entrants: Iterable[Entrant]) -> list[Entrant]:
    """Return the canonical list: sorted by id. ValueError for doubles and absurd entrants."""
    ordered = sorted(entrants, key=lambda entrant: entrant.id.encode())
    for entrant in ordered:
        text = entrant.id + entrant.word
        if entrant.weight < 1 or not entrant.id or not text.isprintable():
            raise ValueError(f"not an entrant: {entrant!r}")
    if len({entrant.id for entrant in ordered}) < len(ordered):
        raise ValueError("an entrant is listed twice")
    return ordered


def merkle_root(frozen: Sequence[Entrant]) -> str:
    """Return the root (hex) over the frozen list; of the empty list, the hash of nothing.

    As in RFC 6962: leaf = SHA-256(00 | "id<newline>weight"), with a word after another line
    break where there is one, node = SHA-256(01 | left | right),
    and a list is cut at the largest power of two below its length.
    """
    return _root([_leaf(entrant) for entrant in frozen]).hex()


def inclusion_proof(frozen: Sequence[Entrant], index: int) -> list[Step]:
    """Return the proof, from the leaf up, that ``frozen[index]`` is under the root."""
    leaves = [_leaf(entrant) for entrant in frozen]
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    steps: list[Step] = []
    low, high = 0, len(leaves)
    while high - low > 1:
        middle = low + _cut(high - low)
        if index < middle:
            steps.append(Step(_root(leaves[middle:high]).hex(), on_left=False))
            high = middle
        else:
            steps.append(Step(_root(leaves[low:middle]).hex(), on_left=True))
            low = middle
    return steps[::-1]


def proves(entrant: Entrant, proof: Iterable[Step], root: str) -> bool:
    """Tell whether ``proof`` leads from ``entrant`` to ``root``."""
    node = _leaf(entrant)
    for step in proof:
        sibling = bytes.fromhex(step.sibling)
        node = _node(sibling, node) if step.on_left else _node(node, sibling)
    return hmac.compare_digest(node.hex(), root)


def draw_key(*, seed: bytes, root: str, randomness: str, draw_id: int) -> bytes:
    """Return HMAC-SHA256(seed, "root|randomness|draw_id"); ValueError if randomness has a bar."""
    if "|" in randomness:
        raise ValueError("public randomness must not contain '|'")
    return hmac.digest(seed, f"{root}|{randomness}|{draw_id}".encode(), "sha256")


def stream(key: bytes) -> Iterator[int]:
    """Yield the bytes of HMAC(key, 0), HMAC(key, 1), ...; the counter is 8 bytes, big end first."""
    counter = 0
    while True:
        yield from hmac.digest(key, counter.to_bytes(8, "big"), "sha256")
        counter += 1


def below(limit: int, source: Iterator[int]) -> int:
    """Return an unbiased integer in [0, limit) from ``source``.

    Takes as many bytes as ``limit - 1`` has, big end first, drops the bits above its length, and
    starts over while the result is not below ``limit``: no remainder, no bias.
    """
    if limit < 1:
        raise ValueError("nothing to choose from")
    bits = (limit - 1).bit_length()
    size = -(-bits // 8)
    while True:
        value = int.from_bytes(bytes(next(source) for _ in range(size)), "big")
        value &= (1 << bits) - 1
        if value < limit:
            return value


def draw(frozen: Sequence[Entrant], key: bytes, count: int | None = None) -> list[Entrant]:
    """Draw ``count`` entrants one after the other, without putting back; all when None.

    Each step takes r below the remaining weight and picks the first entrant, in list order, whose
    running sum of remaining weights exceeds r. What follows the winners is the order of runners-up.
    """
    picked = order([entrant.weight for entrant in frozen], stream(key), count)
    return [frozen[index] for index in picked]


def order(weights: Sequence[int], source: Iterator[int], count: int | None = None) -> list[int]:
    """Return indexes in the order of a weighted draw without putting back; all when None.

    With equal weights this is a shuffle.
    """
    wanted = len(weights) if count is None else min(count, len(weights))
    tree = _WeightTree(list(weights))
    return [tree.pop(below(tree.total, source)) for _ in range(wanted)]


class _WeightTree:
    """Running sums with removal in O(log n) (a Fenwick tree)."""

    def __init__(self, weights: list[int]) -> None:
        self.total = sum(weights)
        self._weights = weights
        self._sums = [0, *weights]
        for i in range(1, len(self._sums)):
            parent = i + (i & -i)
            if parent < len(self._sums):
                self._sums[parent] += self._sums[i]

    def pop(self, r: int) -> int:
        """Remove and return the index of the first entry whose running sum exceeds ``r``."""
        index, step = 0, 1 << (len(self._sums) - 1).bit_length()
        while step:
            ahead = index + step
            if ahead < len(self._sums) and self._sums[ahead] <= r:
                index, r = ahead, r - self._sums[ahead]
            step >>= 1
        weight = self._weights[index]
        self.total -= weight
        at = index + 1
        while at < len(self._sums):
            self._sums[at] -= weight
            at += at & -at
        return index


def _leaf(entrant: Entrant) -> bytes:
    word = f"\n{entrant.word}" if entrant.word else ""
    return hashlib.sha256(b"\x00" + f"{entrant.id}\n{entrant.weight}{word}".encode()).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _cut(length: int) -> int:
    return 1 << ((length - 1).bit_length() - 1)


def _root(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    cut = _cut(len(leaves))
    return _node(_root(leaves[:cut]), _root(leaves[cut:]))
