"""Descriptions: HTML of the exchange file to our plain text with paragraphs, and back.

Our text has paragraphs (an empty line between) and lines. ``to_html`` of what ``to_text`` made of
``to_html`` of any text is the same HTML again, so that a description survives any round trip.
"""

from __future__ import annotations

import html
import re

import nh3

# What ends a line, and what ends a paragraph; everything else in angle brackets goes.
_LINES = {"br", "li", "tr", "dt", "dd", "figcaption", "div"}
_PARAGRAPHS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre"}
_UNREAD = {"script", "style", "template", "iframe", "object", "svg", "title"}
_TAG = re.compile(r"<(/?)([a-z0-9]+)[^>]*>")
_ANY_TAG = re.compile(r"<[a-zA-Z/!]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BLANKS = re.compile(r"[ \t]+")
_GAPS = re.compile(r"\n{3,}")


def settled(text: str) -> str:
    """Return a text with single blanks, at most one empty line in a row, and none around it."""
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = [_BLANKS.sub(" ", line).strip(" ") for line in text.split("\n")]
    return _GAPS.sub("\n\n", "\n".join(lines)).strip()


def to_html(text: str) -> str:
    """Return paragraphs and line breaks; everything else is escaped."""
    text = settled(text)
    if not text:
        return ""
    paragraphs = html.escape(text, quote=False).replace("\u00a0", "&nbsp;").split("\n\n")
    return "".join(f"<p>{'<br>'.join(p.split(chr(10)))}</p>" for p in paragraphs)


def to_text(source: str) -> str:
    """Return what a reader would see of ``source``: no tags, scripts or styles. Plain text stays.

    Cleaned by nh3 first, so that broken or hostile HTML is a tree like any other.
    """
    if not _ANY_TAG.search(source):
        return settled(html.unescape(source))
    cleaned = nh3.clean(
        source, tags=_LINES | _PARAGRAPHS, attributes={}, clean_content_tags=_UNREAD
    )
    flat = _BLANKS.sub(" ", cleaned.replace("\n", " "))
    return settled(html.unescape(_TAG.sub(_break, flat)))


def _break(found: re.Match[str]) -> str:
    closing, tag = found.groups()
    if tag in _PARAGRAPHS:
        return "\n\n"
    if tag == "li" and not closing:
        return "\n• "
    return "\n" if tag in _LINES else ""
