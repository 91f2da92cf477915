"""Draws: formats are pinned, proofs hold, picks are unbiased, seeds stay sealed."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from itertools import islice

import pytest
from django.test import override_settings

from banyan.kernel import fairness
from banyan.kernel.fairness import Entrant
from banyan.kernel.models import Seed
from banyan.kernel.problems import Conflict, NotFound

KEY = hashlib.sha256(b"a fixed key").digest()

# Upper 0.1 % points of chi-square: the tests are deterministic, so they pass always or never.
CHI_SQUARE_9 = 27.88
CHI_SQUARE_2 = 13.82


def _entrants(n: int) -> list[Entrant]:
    return fairness.freeze(Entrant(f"e{i:05d}", 1 + i % 3) for i in range(n))


@pytest.mark.django_db
def test_commit_seals_once_and_reveal_opens_the_same_seed() -> None:
    first = fairness.commit(purpose="draw", subject_id=1)
    assert fairness.commit(purpose="draw", subject_id=1) == first
    row = Seed.objects.get()
    assert row.revealed_at is None
    seed = fairness.reveal(purpose="draw", subject_id=1)
    assert len(seed) == 32
    assert hashlib.sha256(seed).hexdigest() == first
    assert seed not in bytes(row.sealed)
    row.refresh_from_db()
    revealed_at = row.revealed_at
    assert revealed_at is not None
    assert fairness.reveal(purpose="draw", subject_id=1) == seed
    row.refresh_from_db()
    assert row.revealed_at == revealed_at
    assert fairness.commit(purpose="draw", subject_id=2) != first


@pytest.mark.django_db
def test_seeds_survive_a_rotation_of_the_secret() -> None:
    with override_settings(SECRET_KEY="first", SECRET_KEY_FALLBACKS=[]):
        fairness.commit(purpose="draw", subject_id=1)
    with override_settings(SECRET_KEY="second", SECRET_KEY_FALLBACKS=["first"]):
        assert len(fairness.reveal(purpose="draw", subject_id=1)) == 32


@pytest.mark.django_db
def test_a_seed_in_use_stays_unrevealed() -> None:
    fairness.commit(purpose="wheel", subject_id=1)
    seed = fairness.use(purpose="wheel", subject_id=1)
    assert Seed.objects.get().revealed_at is None
    assert fairness.reveal(purpose="wheel", subject_id=1) == seed
    assert Seed.objects.get().revealed_at is not None
    with pytest.raises(NotFound):
        fairness.use(purpose="wheel", subject_id=2)


@pytest.mark.django_db
def test_a_seed_that_was_exchanged_is_not_revealed() -> None:
    fairness.commit(purpose="draw", subject_id=1)
    fairness.commit(purpose="draw", subject_id=2)
    Seed.objects.filter(subject_id=1).update(sealed=Seed.objects.get(subject_id=2).sealed)
    with pytest.raises(Conflict) as refused:
        fairness.reveal(purpose="draw", subject_id=1)
    assert refused.value.code == "seed_changed"
    with pytest.raises(NotFound):
        fairness.reveal(purpose="draw", subject_id=3)


def test_freezing_is_canonical_and_refuses_nonsense() -> None:
    a, b = Entrant("a", 2), Entrant("b")
    assert fairness.freeze([b, a]) == fairness.freeze([a, b]) == [a, b]
    for bad in ([a, Entrant("a")], [Entrant("c", 0)], [Entrant("")], [Entrant("x\ny")]):
        with pytest.raises(ValueError, match="entrant"):
            fairness.freeze(bad)


def test_the_root_is_the_published_format() -> None:
    a, b, c = (hashlib.sha256(b"\x00" + text).digest() for text in (b"a\n1", b"b\n2", b"c\n1"))
    ab = hashlib.sha256(b"\x01" + a + b).digest()
    expected = hashlib.sha256(b"\x01" + ab + c).hexdigest()
    assert fairness.merkle_root([Entrant("a"), Entrant("b", 2), Entrant("c")]) == expected
    assert fairness.merkle_root([]) == hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 7, 8, 9, 33])
def test_every_entrant_is_proved_and_nobody_else(n: int) -> None:
    frozen = _entrants(n)
    root = fairness.merkle_root(frozen)
    for index, entrant in enumerate(frozen):
        proof = fairness.inclusion_proof(frozen, index)
        assert len(proof) <= (n - 1).bit_length()
        assert fairness.proves(entrant, proof, root)
        assert not fairness.proves(entrant._replace(weight=entrant.weight + 1), proof, root)
        assert not fairness.proves(Entrant("stranger"), proof, root)
    with pytest.raises(IndexError):
        fairness.inclusion_proof(frozen, n)


def test_a_doubled_last_entrant_changes_the_root() -> None:
    """The classic flaw of trees that pair an odd leaf with itself."""
    three = [Entrant("a"), Entrant("b"), Entrant("c")]
    assert fairness.merkle_root(three) != fairness.merkle_root([*three, Entrant("c")])


def test_key_and_stream_are_the_published_format() -> None:
    root = fairness.merkle_root([Entrant("a")])
    key = fairness.draw_key(seed=b"s" * 32, root=root, randomness="beacon 7", draw_id=42)
    assert key == hmac.new(b"s" * 32, f"{root}|beacon 7|42".encode(), hashlib.sha256).digest()
    blocks = b"".join(
        hmac.new(key, i.to_bytes(8, "big"), hashlib.sha256).digest() for i in range(2)
    )
    assert bytes(islice(fairness.stream(key), 64)) == blocks
    with pytest.raises(ValueError, match="must not contain"):
        fairness.draw_key(seed=b"s", root=root, randomness="a|b", draw_id=1)


def test_rejection_takes_bytes_anew_instead_of_a_remainder() -> None:
    assert fairness.below(5, iter([0b1111_1111, 0b0000_0101, 0b0000_1011])) == 3
    assert fairness.below(1, iter([])) == 0
    assert fairness.below(257, iter([0xFF, 0xFF, 0xFF, 0x00])) == 256
    with pytest.raises(ValueError, match="nothing"):
        fairness.below(0, iter([]))


def test_a_hundred_thousand_numbers_are_uniform() -> None:
    source = fairness.stream(KEY)
    n, sides = 100_000, 10
    counts = Counter(fairness.below(sides, source) for _ in range(n))
    chi_square = sum((counts[i] - n / sides) ** 2 / (n / sides) for i in range(sides))
    assert chi_square < CHI_SQUARE_9, counts


def test_negative_control_a_remainder_is_biased() -> None:
    """Four bits modulo ten: what rejection is there to avoid."""
    source = fairness.stream(KEY)
    n, sides = 100_000, 10
    counts = Counter((next(source) & 15) % sides for _ in range(n))
    chi_square = sum((counts[i] - n / sides) ** 2 / (n / sides) for i in range(sides))
    assert chi_square > CHI_SQUARE_9


def test_first_picks_follow_the_weights() -> None:
    frozen = fairness.freeze([Entrant("a", 1), Entrant("b", 2), Entrant("c", 5)])
    n = 20_000
    counts = Counter(
        fairness.draw(frozen, hashlib.sha256(str(i).encode()).digest(), 1)[0].id for i in range(n)
    )
    expected = {e.id: n * e.weight / 8 for e in frozen}
    chi_square = sum((counts[k] - expected[k]) ** 2 / expected[k] for k in expected)
    assert chi_square < CHI_SQUARE_2, counts


def test_the_draw_equals_the_rule_told_plainly() -> None:
    """Against lists and running sums, step by step."""
    frozen = _entrants(200)
    source, rest, plain = fairness.stream(KEY), list(frozen), []
    while rest:
        r = fairness.below(sum(e.weight for e in rest), source)
        running = 0
        for entrant in rest:
            running += entrant.weight
            if running > r:
                break
        plain.append(entrant)
        rest.remove(entrant)
    assert fairness.draw(frozen, KEY) == plain
    assert sorted(plain) == list(frozen), "nobody twice, nobody forgotten"
    assert fairness.draw(frozen, KEY, 10) == plain[:10], "runners-up are the continuation"


def test_small_draws() -> None:
    assert fairness.draw([], KEY, 3) == []
    assert fairness.draw([Entrant("only", 7)], KEY, 3) == [Entrant("only", 7)]
