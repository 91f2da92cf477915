"""A text with its links: people, topics and addresses become links, all else stays plain text."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from banyan.community import rules
from banyan.community.queries import Named
from banyan.web.ui import addresses

_OWN = Markup('<a href="%s">%s</a>')
# What a reader wrote vouches for nothing, and the other site does not learn where they came from.
_OUT = Markup('<a href="%s" rel="nofollow ugc noopener noreferrer">%s</a>')
_PARAGRAPHS = re.compile(r"(?:\r?\n){2,}")
LONGEST_SHOWN = 60


def drawn(text: str, named: Named) -> Markup:
    """Return a text as paragraphs; only who and what ``named`` holds is linked."""
    paragraphs = [one.strip() for one in _PARAGRAPHS.split(text) if one.strip()]
    return Markup("").join(Markup("<p>%s</p>") % line(one, named) for one in paragraphs)


def line(text: str, named: Named) -> Markup:
    """Return a text as it stands within a paragraph."""
    return Markup("").join(
        _piece(kind, written, name, named) for kind, written, name in rules.parts(text)
    )


def _piece(kind: rules.Part, written: str, name: str, named: Named) -> Markup:
    if kind == "mention" and (handle := named.people.get(name.lower())):
        return _OWN % (addresses.url("profile", handle), written)
    if kind == "topic" and (slug := rules.topic_slug(name)) in named.topics:
        return _OWN % (addresses.url("topic", slug), written)
    if kind == "link" and _is_safe(name):
        shown = written if len(written) <= LONGEST_SHOWN else written[: LONGEST_SHOWN - 1] + "…"
        return _OUT % (name, shown)
    return Markup("<br>").join(escape(part) for part in written.splitlines() or [""])


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
