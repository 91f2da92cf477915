"""What a page's head says of it, as plain text: never its markup, never its script."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Card:
    """Title, a sentence or two, and the host; all plain text."""

    title: str
    description: str
    site: str


class _Head(HTMLParser):
    """Collects the title and the meta texts of a page; stops caring at its body."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: dict[str, str] = {}
        self._in_title = False
        self._over = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a meta text."""
        if tag == "body":
            self._over = True
        if self._over:
            return
        self._in_title = tag == "title"
        if tag == "meta":
            given = {name: value or "" for name, value in attrs}
            name = given.get("property") or given.get("name") or ""
            self.found.setdefault(name.lower(), given.get("content", ""))

    def handle_endtag(self, tag: str) -> None:
        """Leave the title."""
        if tag == "title":
            self._in_title = False

    def handle_data(self, data: str) -> None:
        """Collect the title's text."""
        if self._in_title:
            self.found["title"] = self.found.get("title", "") + data


def card_of(page: bytes, url: str) -> Card | None:
    """Return what a page says of itself, or None when it does not even say its title."""
    head = _Head()
    # Ended by a tag and not by close(), which looks at an unfinished tag again from each of its
    # letters: a quarter of a megabyte of them would keep the worker for minutes.
    head.feed(_text(page) + "</title>")
    title = _plain(head.found.get("og:title") or head.found.get("title", ""), 200)
    if not title:
        return None
    said = head.found.get("og:description") or head.found.get("description", "")
    return Card(title, _plain(said, 300), _plain(urlsplit(url).hostname or "", 253))


def _text(page: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return page.decode(encoding)
        except UnicodeDecodeError as error:
            if encoding == "utf-8" and error.start >= len(page) - 4:
                return page[: error.start].decode()  # cut within a letter
    return page.decode("latin-1")


def _plain(text: str, most: int) -> str:
    """Return one line without control and direction marks, at most ``most`` letters."""
    kept = "".join(
        " " if letter.isspace() else letter
        for letter in text
        if letter.isspace() or unicodedata.category(letter) not in {"Cc", "Cf", "Co", "Cs"}
    )
    line = " ".join(kept.split())
    return line if len(line) <= most else line[: most - 1] + "…"
