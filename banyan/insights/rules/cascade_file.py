"""The exchange file of reshare cascades, read line by line.

One cascade per line, five fields between tabs::

    id <TAB> root user <TAB> unix time of publication <TAB> size <TAB> paths

Paths are separated by spaces; each is `root/.../user:seconds`, the way a share travelled and
how long after publication its last user passed it on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from django.utils.translation import gettext_lazy as _

from banyan.insights.rules.cascades import CascadeMeasures, measure

FIELD_COUNT = 5
NAME_LIMIT = 100
# The last second a datetime can hold; a share may not lie beyond it.
LAST_SECOND = 253_402_300_799

FAULTS = {
    "field_count": _("A line has five fields between tabs; this one has %(value)s."),
    "name": _("A name has 1 to 100 printable characters and no space: “%(value)s”."),
    "number": _("A whole number of at most 12 digits belongs here: “%(value)s”."),
    "size": _("A cascade has at least one member, so the size cannot be 0."),
    "time": _("This moment lies after the year 9999: “%(value)s”."),
    "no_paths": _("The line names no path. Write at least the root with 0 seconds."),
    "path": _("A path is written user/user:seconds: “%(value)s”."),
    "foreign_root": _("The path does not start at the root user of its line: “%(value)s”."),
    "duplicate_id": _("The cascade “%(value)s” stands in the file already."),
}


@dataclass(frozen=True, slots=True)
class CascadeFault:
    """The first thing wrong with a line: 1-based line and column, a stable code, the culprit."""

    line: int
    column: int
    code: str
    value: str = ""

    @property
    def message(self) -> str:
        """Return the sentence for people, in the language in force."""
        return str(FAULTS[self.code] % {"value": self.value[:60]})


@dataclass(frozen=True, slots=True)
class Share:
    """One path as written: users from the root to the sharer, seconds after publication."""

    path: tuple[str, ...]
    seconds: int


@dataclass(frozen=True, slots=True)
class CascadeMember:
    """A user's place in the tree; `parent` is None for the root alone."""

    user: str
    parent: str | None
    seconds: int


@dataclass(frozen=True, slots=True)
class Cascade:
    """One line of the file.

    `declared_size` is what the line says. Files of the field count rows there, so that it
    exceeds the number of distinct members where somebody shared twice; it is kept, not trusted.
    """

    id: str
    root: str
    published_at: datetime
    declared_size: int
    shares: tuple[Share, ...]

    def members(self) -> list[CascadeMember]:
        """Return each user once, a parent always before its children, in order of time.

        Rules, chosen so that the order of paths in the line changes nothing but exact ties:

        - paths are taken by seconds, at the same second the shorter first, then as written;
        - a user's first appearance counts; a later share of the same user is a repeat, even
          one through somebody else, so the result is a tree and has no cycle;
        - a user who stands on a path before (or without) a path of their own must have had
          the share by then: they join at that time, below the user to their left;
        - the root is a member from second 0, whether or not a path says so.
        """
        found = {self.root: CascadeMember(self.root, None, 0)}
        for share in sorted(self.shares, key=lambda share: (share.seconds, len(share.path))):
            for above, user in pairwise(share.path):
                if user not in found:
                    found[user] = CascadeMember(user, above, share.seconds)
        return list(found.values())

    def parents(self) -> dict[str, str | None]:
        """Return member -> parent, as `measure` takes it."""
        return {member.user: member.parent for member in self.members()}

    def measures(self) -> CascadeMeasures:
        """Return the shape of the tree."""
        return measure(self.parents())


class _Refused(Exception):  # noqa: N818 - carries a fault to the end of its line, no error class
    def __init__(self, column: int, code: str, value: str = "") -> None:
        super().__init__(code)
        self.column = column
        self.code = code
        self.value = value


def parse_cascades(lines: Iterable[str]) -> Iterator[Cascade | CascadeFault]:
    """Yield one Cascade or one CascadeFault per line that is not empty, in the file's order.

    Lazy: holds one line and the ids seen so far. A faulty line never stops the next one, so
    an importer can show every faulty line at once and still take nothing.
    """
    seen: set[str] = set()
    for number, raw in enumerate(lines, start=1):
        text = raw.rstrip("\r\n")
        if number == 1:
            text = text.removeprefix("\ufeff")
        if not text.strip():
            continue
        try:
            cascade = _parse_line(text)
            if cascade.id in seen:
                raise _Refused(1, "duplicate_id", cascade.id)
        except _Refused as refused:
            yield CascadeFault(number, refused.column, refused.code, refused.value)
            continue
        seen.add(cascade.id)
        yield cascade


def _parse_line(text: str) -> Cascade:
    fields = text.split("\t")
    if len(fields) != FIELD_COUNT:
        raise _Refused(1, "field_count", str(len(fields)))
    starts = [1]
    for field in fields:
        starts.append(starts[-1] + len(field) + 1)
    identifier = _name(fields[0], starts[0])
    root = _name(fields[1], starts[1])
    published = _number(fields[2], starts[2])
    if published > LAST_SECOND:
        raise _Refused(starts[2], "time", fields[2])
    declared = _number(fields[3], starts[3])
    if declared == 0:
        raise _Refused(starts[3], "size")
    return Cascade(
        id=identifier,
        root=root,
        published_at=datetime.fromtimestamp(published, UTC),
        declared_size=declared,
        shares=tuple(_shares(fields[4], starts[4], root, LAST_SECOND - published)),
    )


def _shares(field: str, start: int, root: str, latest: int) -> Iterator[Share]:
    if not field.strip(" "):
        raise _Refused(start, "no_paths")
    column = start
    for word in field.split(" "):
        if word:
            yield _share(word, column, root, latest)
        column += len(word) + 1


def _share(word: str, column: int, root: str, latest: int) -> Share:
    path, colon, seconds = word.rpartition(":")
    if not colon:
        raise _Refused(column, "path", word)
    users = []
    at = column
    for user in path.split("/"):
        users.append(_name(user, at))
        at += len(user) + 1
    if users[0] != root:
        raise _Refused(column, "foreign_root", word)
    after = _number(seconds, at)
    if after > latest:
        raise _Refused(at, "time", seconds)
    return Share(tuple(users), after)


def _name(text: str, column: int) -> str:
    if not text or len(text) > NAME_LIMIT or not text.isprintable() or " " in text:
        raise _Refused(column, "name", text)
    return text


def _number(text: str, column: int) -> int:
    # str.isdigit alone lets other scripts' digits and superscripts pass.
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise _Refused(column, "number", text)
    return int(text)
