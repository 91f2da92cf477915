"""The word filter: how texts and words are folded, and when a word is in a text.

Latin, Cyrillic and Greek words match whole words only, so that Scunthorpe stays a town; Chinese
has no spaces, so there a word matches anywhere between two punctuation marks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# What looks like a Latin letter and is none; both sides are folded, so Cyrillic words still match.
_ALIKE = str.maketrans(
    "абвгеёзіійкмнопрстухцчьյαβγεηικμνορστυχωѕјԁɡіɑ",
    "a6bree3iiukmhonpctyxu4bjabyenikuvopotuxwsjdgia",
)
_LEET = str.maketrans("013457@$€|", "oieastase" + "l")
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f"
_CHINESE = re.compile(f"[{_CJK}]")
_WORD = re.compile(rf"[^\W_{_CJK}]+(?:['@$€|][^\W_{_CJK}]+)*[@$€|]?|[@$€|][^\W_{_CJK}]+")
_SENTENCE_END = re.compile(r"[。！？；，、：.!?;,:\n]+")
_SPELLED = 3
"""So many single letters in a row are one word, spelled out to get past."""


def fold(text: str) -> str:
    """Return the text as it is compared: NFKC, no case, no accents, no invisible signs."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    kept = (
        letter for letter in plain if unicodedata.category(letter) not in {"Mn", "Cf", "Cc", "Me"}
        or letter in "\n\t"
    )  # fmt: skip
    return unicodedata.normalize("NFC", "".join(kept))


def is_chinese(word: str) -> bool:
    """Tell whether a word of the list is matched without word boundaries."""
    return bool(_CHINESE.search(word))


def key_of(word: str) -> str:
    """Return how a word of the list is kept: two spellings with one key are one word."""
    folded = fold(word)
    return _chinese_only(folded) if is_chinese(folded) else " ".join(_tokens(folded))


def found_in(text: str, keys: Iterable[str]) -> list[str]:
    """Return which of the listed words (as :func:`key_of` keeps them) stand in a text."""
    folded = fold(text)
    spoken = f" {' '.join(_tokens(folded))} "
    runs = [_chinese_only(part) for part in _SENTENCE_END.split(folded)]
    return [
        key
        for key in keys
        if (any(key in run for run in runs) if is_chinese(key) else f" {key} " in spoken)
    ]


def _chinese_only(folded: str) -> str:
    return "".join(letter for letter in folded if letter.isalnum())


def _tokens(folded: str) -> list[str]:
    words = [_latin(found) for found in _WORD.findall(folded)]
    joined: list[str] = []
    spelled: list[str] = []
    for word in [*words, ""]:
        if len(word) == 1:
            spelled.append(word)
            continue
        joined += ["".join(spelled)] if len(spelled) >= _SPELLED else spelled
        spelled = []
        joined += [word] if word else []
    return joined


def _latin(token: str) -> str:
    """Fold look-alikes; digits only within words, so that prices and years stay what they are."""
    alike = token.translate(_ALIKE)
    if any(letter.isalpha() for letter in alike):
        alike = alike.translate(_LEET)
    return alike.replace("'", "")
