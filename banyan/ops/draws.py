"""``banyan verify-draw FILE``: check the proof file of a draw, packet, bargain, pack or wheel."""

from __future__ import annotations

import json
from pathlib import Path

from banyan.campaigns import verifier
from banyan.ops.progress import complain

WORDS = {
    "form": "the file has the one form that it can have",
    "seed": "the seed is the one whose fingerprint was published",
    "terms": "the terms are those whose fingerprint was published",
    "frozen": "what was fixed beforehand is what was published",
    "result": "the result follows from the seed by the rule",
}


def main(file: Path) -> int:
    """Say what was checked; 0 when all of it holds, 1 when not, 2 when this is no proof file."""
    try:
        text = file.read_text(encoding="utf-8")
        checks = verifier.verify(text)
    except OSError as error:
        complain(f"banyan: {error}")
        return 2
    except Exception as error:  # whatever is in a stranger's file
        complain(f"banyan: {file} is no proof file ({error!r})")
        return 2
    for what, good in checks.items():
        print(f"{'ok' if good else 'WRONG':6}{WORDS[what]}")
    print("Not checked: that these are the fingerprints which were shown to you beforehand:")
    for name, published in json.loads(text)["published"].items():
        print(f"      {name:7}{published}")
    return 0 if all(checks.values()) else 1
