"""`{% fixed %}`: parts of the frame that hold no data, drawn once per language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakSet

from django import template
from django.core.signals import setting_changed
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

register = template.Library()
MOST = 100
_nodes: WeakSet[FixedNode] = WeakSet()


class FixedNode(template.Node):
    """Draws what it holds at the first use, and from then on repeats it."""

    def __init__(self, nodelist: NodeList, vary: Sequence[FilterExpression]) -> None:
        self.nodelist = nodelist
        self.vary = vary
        self.made: dict[tuple[Any, ...], SafeString] = {}
        _nodes.add(self)

    def render(self, context: template.Context) -> SafeString:
        """Return the kept text for this language and these values."""
        key = (get_language(), *(str(one.resolve(context)) for one in self.vary))
        text = self.made.get(key)
        if text is None:
            text = mark_safe(self.nodelist.render(context))  # noqa: S308 - drawn by the template
            if len(self.made) < MOST:
                self.made[key] = text
        return text


@register.tag
def fixed(parser: Parser, token: Token) -> FixedNode:
    """`{% fixed nav user.is_authenticated %}...{% endfixed %}`: one text per language and values.

    Only for links, labels and icons: nothing of a person, a row or a request may stand inside
    but what is named, and what is named has few values. It is no page cache: no data is kept.
    """
    vary = [parser.compile_filter(bit) for bit in token.split_contents()[1:]]
    nodelist = parser.parse(("endfixed",))
    parser.delete_first_token()
    return FixedNode(nodelist, vary)


def _forget(**_: Any) -> None:
    for node in list(_nodes):
        node.made.clear()


# Addresses and languages are settings; only tests change them in a running process.
setting_changed.connect(_forget, dispatch_uid="banyan.web.ui.fixed")
