"""Components for faces and the relation line."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from banyan.web.ui import words
from banyan.web.ui.drawing import PARTS, component, draw
from banyan.web.ui.shapes import read, tone_of


def avatar(person: Any, size: str = "") -> Markup:
    """Show a face; ``person`` has name and picture_url; ``size``: xs, s, "", l, xl. Decorative."""
    name = read(person, "name", "") or read(person, "handle", "")
    return _draw_avatar(str(name), str(read(person, "picture_url", "")), size)


@lru_cache(maxsize=4096)
def _draw_avatar(name: str, picture_url: str, size: str) -> Markup:
    """Draw a face; the same face looks the same everywhere, so it is drawn once."""
    shown = {"initials": words.initials(name), "tone": tone_of(name)}
    return draw(PARTS + "avatar.html", {"picture_url": picture_url, "size": size, **shown})


@component("faces.html")
def faces(
    people: Sequence[Any],
    limit: int = 5,
    size: str = "s",
    total: int | None = None,
    *,
    spread: bool = False,
    places: int = 0,
) -> dict[str, Any]:
    """Show overlapping faces, at most ``limit``, then +n of ``total``.

    ``spread`` sets them side by side; ``places`` draws that many free places after them.
    """
    shown = list(people)[:limit]
    extra = (total if total is not None else len(people)) - len(shown)
    return {
        "people": shown,
        "extra": extra if extra > 0 else 0,
        "size": size,
        "spread": spread,
        "places": range(places),
    }


@component("relation_line.html")
def relation_line(
    people: Sequence[Any], end: str = "", href: str = "", classname: str = ""
) -> dict[str, Any]:
    """Say how this came here: "mio shared with Noor, Noor with you", with faces.

    ``people`` from the first sharer to the last before the viewer; ``end`` names the last person
    when it is not the viewer (order pages). Draws nothing for an empty path.
    """
    return {
        "people": people[-3:] if people else [],
        "sentence": words.relation_sentence(people, end) if people else "",
        "href": href,
        "classname": classname,
    }


@component("person.html")
def person(who: Any, note: Any = "", trail: Any = "", size: str = "") -> dict[str, Any]:
    """Show a row with face, name, a quiet ``note`` and a figure at the end (``trail``)."""
    return {"who": who, "note": note, "trail": trail, "size": size}
