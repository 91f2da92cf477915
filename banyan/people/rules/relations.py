"""What relations are made of: states and levels of a follow, mutes, what a muted word means."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

# A follow: it asks, or it follows; and how much of it comes into the feed.
ASKS, FOLLOWS = 0, 1
ALL, NO_REPOSTS, EVERY_POST = 0, 1, 2
LEVELS: dict[int, Any] = {
    ALL: _("Everything"),
    NO_REPOSTS: _("Without reposts"),
    EVERY_POST: _("Tell me of every post"),
}

# A mute: of whom or what, and whether nothing is shown or less.
PERSON, WORD, TOPIC = "person", "word", "topic"
HIDE, LESS = 0, 1
DAY, WEEK, FOR_EVER = "day", "week", "ever"
SPANS: dict[str, dt.timedelta | None] = {
    DAY: dt.timedelta(days=1),
    WEEK: dt.timedelta(days=7),
    FOR_EVER: None,
}
LESS_FOR = dt.timedelta(days=30)
LONGEST_WORD = 60
MOST_MUTES = 500

MOST_LISTS = 50
MOST_ON_A_LIST = 500
LONGEST_LIST_NAME = 40

_SPELLED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")


def fold(text: str) -> str:
    """Return ``text`` as words are compared: one width, one case, single blanks, nothing unseen.

    Signs that nobody sees (zero width and the like) neither hide a word nor make another one.
    """
    return _seen(unicodedata.normalize("NFKC", text).casefold(), but=("Cc", "Cf"))


def clean_name(text: str) -> str:
    """Return a name in one line, without control signs; what joins parts of a sign stays."""
    return _seen(text, but=("Cc",))


def _seen(text: str, but: tuple[str, ...]) -> str:
    words = " ".join(text.split())
    return "".join(sign for sign in words if unicodedata.category(sign) not in but).strip()


def says_any(text: str, words: Iterable[str]) -> bool:
    """Tell whether ``text`` says one of the folded ``words``.

    Words of letters count as whole words ("ad" is not in "shadow"); those with Chinese, Japanese
    or Korean signs are found anywhere, because nothing stands between words there.
    """
    folded = fold(text)
    return any(_says(folded, word) for word in words)


def _says(folded: str, word: str) -> bool:
    if _SPELLED.search(word):
        return word in folded
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", folded) is not None
