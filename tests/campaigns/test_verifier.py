"""The stand-alone verifier: small, alone, and not to be fooled by one changed byte."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from banyan.campaigns import verifier
from banyan.campaigns.chance import bargains, draws, packets, packs
from banyan.campaigns.chance.bargains import Bargain
from banyan.campaigns.chance.draws import Draw
from banyan.campaigns.chance.packets import Packet
from banyan.campaigns.chance.packs import Pack
from banyan.kernel.fairness import Entrant
from banyan.kernel.proofs import MOST, canonical, freeze
from banyan.ops import cli

from .proof_files import every_proof

SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
PROOFS = every_proof()
SOURCE = Path(verifier.__file__)


def _holds(text: str) -> bool:
    try:
        return all(verifier.verify(text).values())
    except Exception:
        return False


def test_it_is_short_and_needs_nothing_but_python() -> None:
    source = SOURCE.read_text()
    imported = {
        name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
    }

    assert len(source.splitlines()) <= 100
    assert imported <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("name", PROOFS)
def test_every_good_file_verifies(name: str) -> None:
    checks = verifier.verify(PROOFS[name])

    assert all(checks.values()), checks
    assert set(checks) >= {"form", "frozen"}


@pytest.mark.parametrize("name", PROOFS)
def test_a_changed_byte_fails(name: str) -> None:
    text, dice = PROOFS[name], random.Random(name)
    for _ in range(60):
        at = dice.randrange(len(text))
        changed = text[:at] + chr(33 + (ord(text[at]) - 32) % 94) + text[at + 1 :]
        assert changed != text
        assert not _holds(changed), (text[max(0, at - 30) : at + 30], changed[at])


def _changed(name: str, **entries: Any) -> str:
    return canonical(json.loads(PROOFS[name]) | entries)


def test_seed_list_weight_and_rule_are_held_fast() -> None:
    good = json.loads(PROOFS["draw alone"])
    assert _changed("draw alone") == PROOFS["draw alone"]
    entries = good["entries"]
    heavier = [[entries[0][0], entries[0][1] + 1], *entries[1:]]
    changes: dict[str, dict[str, Any]] = {
        "seed": {"seed": f"{int(good['seed'][0], 16) ^ 1:x}" + good["seed"][1:]},
        "an entry left out": {"entries": entries[1:]},
        "a weight": {"entries": heavier},
        "a void left out": {"voids": good["voids"][1:]},
        "the order of the list": {"entries": entries[::-1]},
        "the rule": {"terms": good["terms"] | {"rule": "draw/9"}},
        "the prizes": {"terms": good["terms"] | {"prizes": [["phone", 4]]}},
        "the winner": {"result": [good["result"][1], good["result"][0], *good["result"][2:]]},
        "randomness from nowhere": {"randomness": "00"},
        "a signature from nowhere": {"randomness": hashlib.sha256(b"0").hexdigest()}
        | {"signature": b"0".hex()},
    }
    assert {
        what for what, change in changes.items() if _holds(_changed("draw alone", **change))
    } == set()


def test_a_word_and_what_the_beacon_said_are_held_fast() -> None:
    told = json.loads(PROOFS["draw beacon"])
    other = hashlib.sha512(b"another round").hexdigest()
    assert not _holds(_changed("draw beacon", signature=other)), "not what hashes to it"
    assert not _holds(
        _changed(
            "draw beacon",
            signature=other,
            randomness=hashlib.sha256(bytes.fromhex(other)).hexdigest(),
        )
    ), "it draws others"
    assert not _holds(_changed("draw beacon", signature="", randomness="")), "nor is it silent"
    assert not _holds(_changed("draw beacon", signature=told["signature"].upper()))
    entries = json.loads(PROOFS["draw members"])["entries"]
    word = entries[1][2]
    for changed in ([*entries[1][:2]], [*entries[1][:2], word[::-1]]):
        assert not _holds(_changed("draw members", entries=[entries[0], changed, *entries[2:]]))


def test_a_forger_who_publishes_anew_cannot_choose_the_result() -> None:
    """All fingerprints made fit, and another prize for one turn: the rule still says no."""
    good = json.loads(PROOFS["instant"])
    won = next(i for i, (_, given) in enumerate(good["result"]) if given == "nothing")
    turns = [*good["result"]]
    turns[won] = [turns[won][0], "☕"]
    checks = verifier.verify(_changed("instant", result=turns))

    assert checks == {
        "form": True,
        "seed": True,
        "terms": True,
        "frozen": True,
        "result": False,
    }


def test_another_text_of_the_same_data_is_not_the_file() -> None:
    text = PROOFS["room"]
    assert _holds(text + "\n"), "editors add one"
    assert not _holds(json.dumps(json.loads(text)))
    assert not _holds(text.replace('"runners":1000000000', '"runners":1000000000.0'))


def test_what_would_not_read_back_everywhere_is_not_written() -> None:
    for bad in (1.5, MOST + 1, {1: 2}, {"é": 1}, object(), True):
        with pytest.raises(ValueError, match="proof"):
            canonical([bad])


def test_it_runs_alone_and_as_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(PROOFS["draw members"], encoding="utf-8")
    bad.write_text(_changed("draw members", seed="00" * 32), encoding="utf-8")
    alone = [sys.executable, "-I", "-S", str(SOURCE)]

    fine = subprocess.run([*alone, str(good)], capture_output=True, text=True, check=False)
    assert (fine.returncode, fine.stderr) == (0, "")
    assert fine.stdout.split() == [
        "ok",
        "form",
        "ok",
        "seed",
        "ok",
        "terms",
        "ok",
        "frozen",
        "ok",
        "result",
    ]
    assert cli.main(["verify-draw", str(good)]) == 0
    assert capsys.readouterr().out.count("ok ") == 5
    assert cli.main(["verify-draw", str(bad)]) == 1
    assert "WRONG the seed" in capsys.readouterr().out
    bad.write_text("{}")
    assert cli.main(["verify-draw", str(bad)]) == 2
    assert "no proof file" in capsys.readouterr().err
    assert cli.main(["verify-draw", str(tmp_path / "absent")]) == 2


def _any_proof(dice: random.Random, n: int) -> str:
    """Return the proof of a packet, bargain, pack or draw with terms by chance."""
    key, count = dice.randbytes(32), dice.choice((1, 2, 3, 8, 40))
    total = count * dice.randrange(3, 300) + dice.randrange(7)
    most = dice.choice((None, -(-total // count) + dice.randrange(9)))
    rule = dice.choice(packets.RULES)
    if n % 4 == 0:
        return Packet(
            subject=n, currency="CNY", total=total, count=count, least=2, most=most, rule=rule
        ).proof(key)
    if n % 4 == 1:
        rule = dice.choice(bargains.RULES)
        return Bargain(
            subject=n, currency="JPY", start=total + 5, floor=5, people=count, rule=rule
        ).proof(key)
    if n % 4 == 2:
        first = dice.randint(1, count + 1)
        last = dice.randint(first, count + 1)
        return Pack(
            subject=n,
            currency="EUR",
            count=count + 1,
            total=2 * total + 1,
            rule=packs.LUCKY,
            top=total + 1,
            first=first,
            last=last,
        ).proof(key)
    frozen = freeze(Entrant(f"{i}é", dice.choice((1, 1, 9))) for i in range(count))
    draw = Draw(subject=n, prizes=(("a", 1), ("b", 2)), runners=dice.randrange(9), closes_at="")
    return draws.proof(draw, frozen, seed=key)


def test_whatever_the_terms_the_program_agrees_with_us() -> None:
    dice = random.Random(5)
    for n in range(2_000 if SOAK else 300):
        text = _any_proof(dice, n)
        assert all(verifier.verify(text).values()), text
