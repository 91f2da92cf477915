"""Pure rules of the community: what a text names, what a feed may hold, what is talked about."""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

LIVE, HIDDEN, WAITING, HELD = 1, 2, 3, 4
T = TypeVar("T")

KINDS = ("note", "review", "question", "listing", "moment")
PICTURELESS = frozenset({"question", "moment"})
DECLARED = ("", "paid", "gift")

LONGEST_TOPIC = 40
MOST_TOPICS = 10
MOST_MENTIONS = 10

Part = Literal["text", "topic", "mention", "link"]

# Left to right: an address first, for it may hold # and @; then #话题# with its closing mark (only
# around letters that are not plain ASCII: "#a#b" are two), #word, and @handle.
_NAMED = re.compile(
    r"(?P<link>https?://[^\s<>\"'\u3000-\u303f\uff00-\uff0f]+)"
    r"|(?<![A-Za-z0-9_/&])[#\uff03](?P<closed>(?=[^\s#\uff03]*[^\x00-\x7f\s#\uff03])[^\s#\uff03]{1,40})[#\uff03]"
    r"|(?<![A-Za-z0-9_/&])[#\uff03](?P<topic>\w{1,40})(?!\w)"
    r"|(?<![A-Za-z0-9_/.@])[@\uff20](?P<mention>[A-Za-z][A-Za-z0-9_]{2,29})(?![A-Za-z0-9_])"
)
_TRAILING = ".,;:!?)]}…"


def parts(text: str) -> Iterator[tuple[Part, str, str]]:
    """Yield ``text`` in pieces of (kind, as written, what it names), in order, nothing left out.

    A topic names its name as written, a mention its handle, a link its address.
    """
    at = 0
    for found in _NAMED.finditer(text):
        kind: Part = "topic" if found.lastgroup == "closed" else found.lastgroup  # type: ignore[assignment]
        named = found.group(found.lastgroup or 0)
        written = found.group()
        if kind == "link":
            written = named = written.rstrip(_TRAILING)
        if kind == "topic" and not topic_slug(named):
            continue
        if found.start() > at:
            yield "text", text[at : found.start()], ""
        yield kind, written, named
        at = found.start() + len(written)
    if at < len(text):
        yield "text", text[at:], ""


def topic_slug(name: str) -> str:
    """Return the one spelling of a topic for its address, or "" for what is no topic.

    NFKC and case folding, so that ＣＵＰ, Cup and cup are one. A number alone is none.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    slug = "".join(letter for letter in folded if letter.isalnum() or letter == "_")
    return slug[:LONGEST_TOPIC] if any(letter.isalpha() for letter in slug) else ""


def topics_of(*texts: str) -> dict[str, str]:
    """Return the topics that texts name as {slug: name as first written}, MOST_TOPICS at most."""
    found: dict[str, str] = {}
    for text in texts:
        for kind, _written, named in parts(text):
            if kind == "topic" and len(found) < MOST_TOPICS:
                found.setdefault(topic_slug(named), named)
    return found


def handles_of(*texts: str) -> list[str]:
    """Return the handles that texts mention, in small letters, MOST_MENTIONS at most."""
    found: dict[str, None] = {}
    for text in texts:
        for kind, _written, named in parts(text):
            if kind == "mention":
                found.setdefault(named.lower())
    return list(found)[:MOST_MENTIONS]


def link_of(text: str) -> str:
    """Return the first address in a text, or ""."""
    return next((named for kind, _written, named in parts(text) if kind == "link"), "")


Reason = Literal["", "paid", "gift", "earns", "sells"]


def disclosed(*, declared: str, earns: bool, sells: bool) -> Reason:
    """Return why a post is commercial, the strongest reason first; "" when it is not.

    ``declared`` is the author's own word; ``earns``: something shown in it pays its sharer today;
    ``sells``: something shown in it is of a shop of the author's.
    """
    if declared == "paid":
        return "paid"
    if sells:
        return "sells"
    if earns:
        return "earns"
    return "gift" if declared == "gift" else ""


# Paid and rewarded posts among 20 cards, by the member's own choice. The platform's cap is a
# setting; nobody's own choice can be above it.
WINDOW = 20
CHOICES = ("usual", "fewer", "none")


def cap_of(choice: str, platform: int) -> int:
    """Return how many commercial posts 20 cards may hold for a member who chose ``choice``."""
    return {"usual": platform, "fewer": min(2, platform), "none": 0}[choice]


def balance(
    cards: Iterable[T],
    *,
    is_paid: Callable[[T], bool],
    cap: int,
    before: Sequence[bool] = (),
) -> list[T]:
    """Return ``cards`` without the commercial ones that come too thick; the order stays.

    Any WINDOW cards in a row, counting those shown ``before`` (whether each was commercial), hold
    at most ``cap`` of them. What is not commercial always stays.
    """
    shown = deque((bool(one) for one in before), maxlen=WINDOW - 1)
    kept: list[T] = []
    for card in cards:
        paid = is_paid(card)
        if paid and sum(shown) >= cap:
            continue
        kept.append(card)
        shown.append(paid)
    return kept


@dataclass(frozen=True, slots=True)
class Heat:
    """Who talks about a topic: ``people`` are different persons, ``new`` of them just joined."""

    people: int
    new: int

    @property
    def score(self) -> int:
        """Four for a person, one for somebody whose account is new."""
        return 4 * (self.people - self.new) + self.new
