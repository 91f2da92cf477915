"""Pure rules of legal texts: their kinds, sample texts, and what changed between two versions."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext_lazy as _

KINDS = {
    "terms": _("Terms of use"),
    "privacy": _("Privacy"),
    "refund": _("Returns and refunds"),
    "merchant": _("Terms for merchants"),
    "fees": _("Fees"),
}
MEMBERS, MERCHANTS = ("terms", "privacy"), ("merchant", "fees")
"""What everybody agrees to who joins or buys, and what whoever opens a shop agrees to besides."""
SAMPLES = Path(__file__).parent / "texts"


@dataclass(frozen=True, slots=True)
class Changed:
    """One paragraph of the newer text: ``how`` is same, new or gone."""

    how: str
    text: str


def sample(kind: str, language: str, facts: dict[str, str]) -> str:
    """Return the sample text of a kind, with the installation's own facts; English if need be."""
    folder = SAMPLES / language
    path = folder / f"{kind}.txt"
    text = (path if path.exists() else SAMPLES / "en" / f"{kind}.txt").read_text()
    for name, value in facts.items():
        text = text.replace("{" + name + "}", value)
    return text


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text, without empty ones."""
    return [part.strip() for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]


def changes(before: str, after: str) -> list[Changed]:
    """Return the newer text paragraph by paragraph, with what is new and what is gone."""
    found: list[Changed] = []
    for line in difflib.ndiff(paragraphs(before), paragraphs(after)):
        how = {"  ": "same", "+ ": "new", "- ": "gone"}.get(line[:2])
        if how is not None:
            found.append(Changed(how, line[2:]))
    return found
