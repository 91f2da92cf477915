"""Sentences and figures that components say: relation lines, initials, rates, counts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from babel.core import Locale
from babel.numbers import format_compact_decimal
from django.utils.formats import number_format
from django.utils.translation import get_language, gettext, ngettext, pgettext
from markupsafe import Markup, escape

from banyan.web.ui.shapes import read

_LOCALES = {"zh-hans": "zh_Hans_CN", "zh-hant": "zh_Hant_TW"}
_SHOWN_IN_FULL = 4


def initials(name: str) -> str:
    """Return one Han character or up to two letters that stand for ``name``."""
    words: list[str] = re.findall(r"[^\W_]+", name)
    if not words:
        return "·"
    first = words[0][0]
    if len(words) == 1 or ord(first) > 0x2E7F:
        return first.upper()
    return (first + words[1][0]).upper()


def relation_sentence(people: Sequence[Any], end: str = "") -> Markup:
    """Say how something travelled: "mio shared with Noor, Noor with you".

    ``people`` run from the first sharer to the last one before ``end`` (default: "you"). A path
    of more than four people names both ends and counts the middle.
    """
    names = [
        Markup("<b>%s</b>") % (read(person, "name", "") or gettext("a friend")) for person in people
    ]
    if not names:
        return Markup("")
    target = Markup("<b>%s</b>") % end if end else escape(gettext("you"))
    hops = list(zip(names, [*names[1:], target], strict=True))
    giver, taker = hops[0]
    parts = [gettext("{giver} shared with {taker}").format(giver=giver, taker=taker)]
    rest = hops[1:]
    if len(names) > _SHOWN_IN_FULL:
        hidden = len(names) - 3
        more = ngettext("then {count} more friend", "then {count} more friends", hidden)
        parts.append(more.format(count=hidden))
        rest = hops[-1:]
    step = gettext("{giver} with {taker}")
    parts += [step.format(giver=giver, taker=taker) for giver, taker in rest]
    comma = pgettext("between the steps of a path", ", ")
    return Markup(comma.join(parts))  # noqa: S704 - of our sentences and escaped names


def percent(rate: float, digits: int = 1) -> str:
    """Format a rate (0 to 1) as "8.0 %"."""
    return gettext("%(figure)s %%") % {"figure": number_format(rate * 100, digits)}


def interval(rate: float, low: float, high: float) -> Markup:
    """Format a rate with its interval: "8.0 % (6.9 - 9.2)"."""
    return Markup('<span class="interval">%s <span>(%s – %s)</span></span>') % (
        percent(rate),
        number_format(low * 100, 1),
        number_format(high * 100, 1),
    )


def whole(count: int) -> str:
    """Format a count with the language's grouping."""
    return number_format(count, 0, use_l10n=True, force_grouping=True)


def compact(count: int) -> str:
    """Format a count in little space: 1.2K, in Chinese 1.2 wan."""
    if count < 1000:
        return str(count)
    locale = Locale.parse(_LOCALES.get((get_language() or "en").lower(), "en"))
    return format_compact_decimal(count, locale=locale, fraction_digits=1)
