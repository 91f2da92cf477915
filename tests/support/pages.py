"""What a page of HTML holds, and what must never be in one."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source"}
    | {"track", "wbr", "path", "circle", "rect"}
)
SILENT = frozenset({"script", "style", "template", "code", "kbd", "svg"})
LISTS = frozenset({"ul", "ol", "dl", "tbody", "select", "table"})
BY_SCRIPT = "staged"  # a list that only the script fills
# A browser ends a paragraph where one of these begins, and its end tag makes an empty one.
BLOCKS = frozenset(
    {"p", "div", "ul", "ol", "dl", "form", "table", "section", "fieldset", "details", "figure"}
    | {"h1", "h2", "h3", "h4"}
)
HEADINGS = frozenset({"h1", "h2", "h3", "h4"})
CONTENT = frozenset({"img", "input", "svg", "select", "textarea", "progress", "button", "a"})
SPOKEN = ("alt", "aria-label", "placeholder", "title", "data-done", "data-offline", "data-busy")
# What a template prints that was handed something else than words.
RAW = re.compile(r"<(built-in|bound|function|generator|\S+ object)\b")


@dataclass
class Form:
    """A form: where it goes and how, and the fields that a plain press of its button sends."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass
class Node:
    """An open element while the page is read."""

    tag: str
    attrs: dict[str, str]
    children: int = 0
    filled: bool = False
    heading: str = ""
    lang: str = ""


class Page(HTMLParser):
    """A page as read: ``links``, ``sources``, ``forms``, ``texts``, and ``faults`` in words."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.sources: list[str] = []
        self.forms: list[Form] = []
        self.texts: list[tuple[str, str]] = []
        self.faults: list[str] = []
        self.ids: Counter[str] = Counter()
        self._open: list[Node] = []
        self._form: Form | None = None
        self.feed(html)
        self.close()
        self.faults += [f"id twice: {name}" for name, n in self.ids.items() if n > 1]
        self.faults += [
            f"no such fragment: {link}"
            for link in self.links
            if link.startswith("#") and len(link) > 1 and link[1:] not in self.ids
        ]
        if not any(lang == "title" for _text, lang in self.texts):
            self.faults.append("no title")

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        attrs = {name: value or "" for name, value in pairs}
        self._attributes(tag, attrs, {name for name, _value in pairs})
        self._addresses(tag, attrs)
        if self._open:
            self._open[-1].children += 1
        lang = attrs.get("lang") or (self._open[-1].lang if self._open else "")
        if tag in CONTENT and attrs.get("type") != "hidden":
            self._fill()
        if tag in HEADINGS:
            self._heading(tag)
        if tag in BLOCKS and any(node.tag == "p" for node in self._open):
            self.faults.append(f"{tag} in a paragraph")
        if tag not in VOID:
            self._open.append(Node(tag, attrs, lang=lang))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if all(node.tag != tag for node in self._open):
            self.faults.append(f"ended, never begun: {tag}")
            return
        while self._open:
            node = self._open.pop()
            self._ended(node)
            if node.tag == tag:
                break
            self.faults.append(f"not ended before </{tag}>: {node.tag}")
        if tag == "form":
            self._form = None

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if not text or any(node.tag in SILENT for node in self._open):
            return
        if RAW.match(text):
            self.faults.append(f"an object: {text[:60]}")
        tag = self._open[-1].tag if self._open else ""
        if tag not in HEADINGS:
            self._fill()
        if self._open and tag in HEADINGS | {"a", "button", "summary", "label", "th"}:
            self._open[-1].filled = True
        lang = self._open[-1].lang if self._open else ""
        self.texts.append((text, "title" if tag == "title" else lang))

    def _attributes(self, tag: str, attrs: dict[str, str], names: set[str]) -> None:
        if "style" in names:
            self.faults.append(f"inline style: {tag}")
        if tag == "style" or (tag == "script" and "src" not in names and "nonce" not in names):
            self.faults.append(f"inline {tag}")
        self.faults += [f"handler: {tag} {name}" for name in names if re.match(r"on[a-z]+$", name)]
        if tag == "img" and "alt" not in names:
            self.faults.append(f"no alt: {attrs.get('src', '')[:60]}")
        if "id" in names:
            self.ids[attrs["id"]] += 1
        lang = attrs.get("lang") or (self._open[-1].lang if self._open else "")
        self.texts += [(attrs[name], lang) for name in SPOKEN if attrs.get(name)]

    def _addresses(self, tag: str, attrs: dict[str, str]) -> None:
        if tag == "a" and "href" in attrs:
            self.links.append(attrs["href"])
        for name in ("src", "data-live-refresh"):
            if attrs.get(name) and tag != "script":
                self.sources.append(attrs[name])
        if tag == "link" and attrs.get("rel") in {"manifest", "alternate"}:
            self.sources.append(attrs.get("href", ""))
        for name in ("hx-get", "hx-post", "formaction"):
            if attrs.get(name):
                self.forms.append(Form(attrs[name], "get" if name == "hx-get" else "post"))
        if tag == "form":
            self._form = Form(attrs.get("action", ""), attrs.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag == "input" and self._form is not None and attrs.get("name"):
            self._form.fields[attrs["name"]] = attrs.get("value", "")

    def _fill(self) -> None:
        for node in self._open:
            node.filled = True

    def _heading(self, tag: str) -> None:
        box = next((n for n in reversed(self._open) if n.tag in {"section", "main"}), None)
        if box is not None and not box.heading:
            box.heading, box.filled = tag, False

    def _ended(self, node: Node) -> None:
        where = f"{node.tag}.{node.attrs.get('class', '')}#{node.attrs.get('id', '')}"
        if node.tag == "section" and node.heading and not node.filled:
            self.faults.append(f"empty section: {where}")
        if node.tag in LISTS and not node.children and node.attrs.get("class") != BY_SCRIPT:
            self.faults.append(f"empty list: {where}")
        named = node.attrs.get("aria-label") or node.attrs.get("aria-labelledby")
        # What a script shows only when it has to say something is nothing to be read yet.
        shown = "hidden" not in node.attrs
        if node.tag in {"a", "button", *HEADINGS} and shown and not node.filled and not named:
            self.faults.append(f"nothing in it: {where}")
