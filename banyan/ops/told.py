"""What comes of a mechanic, read from the code: effects, events, journals and notices.

A hook answers with effects, and each effect is applied by one function; so what its source calls,
and what those call in their turn, is what can come of it.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Any

from banyan.campaigns import effects, events
from banyan.campaigns.actions.applying import _apply
from banyan.campaigns.effects import Effect
from banyan.campaigns.mechanic import Mechanic
from banyan.campaigns.terms import Terms
from banyan.kernel.events import registry as known_events
from banyan.notify import kinds

_CALLED = re.compile(r"\b([A-Za-z_]\w*)\(")
_POSTED = re.compile(r"\bPosts? (``[^`]+``: [^.]+)\.")
_SAID = re.compile(r"\bsay\.([A-Z]\w*)\(")
_NAMED = re.compile(r'"((?:campaign|sale)\.[a-z_]+)"')
_INSIDE = ("banyan.campaigns.", "banyan.entitlements.actions")
"""Whose functions are followed: below them nobody knows what a campaign is."""
EFFECTS = {
    name: one
    for name, one in vars(effects).items()
    if isinstance(one, type) and issubclass(one, Effect) and one is not Effect
}
_ANY: Any = _apply
_POSTING = ("ledger.post(", "ledger.reverse_share(")
_RESEATED = ("campaign.too_late", "campaign.reseated")
_BROUGHT = "campaign.brought"
_SHOWN = ("campaign.outside_accepted", "campaign.outside_refused")


def effects_of(kind: Mechanic[Any]) -> list[type[Effect]]:
    """Return the effects that a mechanic answers with, and those that these bring, by name."""
    module = sys.modules[type(kind).__module__]
    found = _made_in(module, inspect.getsource(module))
    for one in _followed(module):
        found |= _made_in(sys.modules[one.__module__], inspect.getsource(one))
    new = set(found)
    while new:
        brought = {EFFECTS[name] for text in _applied(new) for name in _SAID.findall(text)}
        new = brought - found
        found |= brought
    return sorted(found, key=lambda one: one.__name__)


def _made_in(module: ModuleType, text: str) -> set[type[Effect]]:
    """Return the effects that a text of a module makes: other things have the same names."""
    called = {vars(module).get(name) for name in _CALLED.findall(text)}
    return {one for one in EFFECTS.values() if one in called}


def _applied(found: Iterable[type[Effect]]) -> list[str]:
    return [text for one in found for text in _sources(_applying(one))]


def events_of(kind: Mechanic[Any]) -> list[str]:
    """Return the names of the events that plays of a mechanic emit, besides its campaigns' own."""
    if not kind.plays_here:
        return sorted(name for name in known_events if name.startswith("sale."))
    called = {name for text in _applied(effects_of(kind)) for name in _CALLED.findall(text)}
    emitted = {one.name for one in known_events.values() if one.__name__ in called}
    return sorted(emitted | {events.PlayOpened.name})


def posted_by(kind: Mechanic[Any]) -> list[str]:
    """Return what is posted to the ledger, as the functions that post it say."""
    found: dict[str, None] = {}
    for effect in effects_of(kind):
        found.update(dict.fromkeys(posted_for(effect)))
    return list(found)


def posted_for(effect: type[Effect]) -> list[str]:
    """Return what applying an effect posts: key, accounts and signs."""
    said = [" ".join((one.__doc__ or "").split()) for one in _applying(effect)]
    return [line for text in said for line in _POSTED.findall(text)]


def posts(effect: type[Effect]) -> bool:
    """Tell whether applying an effect moves money."""
    return any(way in text for text in _applied([effect]) for way in _POSTING)


def notices_of(kind: Mechanic[Any]) -> list[str]:
    """Return the kinds of notice that people have from plays of a mechanic."""
    known = {one.name for one in kinds.registered()}
    if not kind.plays_here:
        return sorted(name for name in known if name.startswith("sale."))
    module = sys.modules[type(kind).__module__]
    texts = [inspect.getsource(module), *_applied(effects_of(kind))]
    found = {name for text in texts for name in _NAMED.findall(text)}
    if kind.reseats:
        found.update(_RESEATED)
    if kind.terms.from_order is not Terms.from_order:
        found.add(_BROUGHT)
    if kind.terms.outside is not Terms.outside:
        found.update(_SHOWN)
    return sorted(found & known)


def _applying(effect: type[Effect]) -> list[Callable[..., Any]]:
    """Return what applies an effect, and what that calls of ours."""
    return _reached([_apply.dispatch(effect)])


def _followed(module: ModuleType) -> list[Callable[..., Any]]:
    """Return the functions that a mechanic's module takes from its neighbours."""
    taken = [one for one in vars(module).values() if _is_followed(one)]
    return _reached(one for one in taken if one.__module__ != module.__name__)


def _reached(begin: Iterable[Callable[..., Any]]) -> list[Callable[..., Any]]:
    found: dict[Callable[..., Any], None] = {}
    new = list(begin)
    while new:
        one = new.pop(0)
        if one not in found:
            found[one] = None
            new += _called_by(one)
    return list(found)


def _called_by(one: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    around = vars(sys.modules[one.__module__])
    for name in dict.fromkeys(_CALLED.findall(inspect.getsource(one))):
        if _is_followed(around.get(name)):
            yield around[name]


def _is_followed(one: object) -> bool:
    # What applies any effect at all would lead from each to every other.
    return inspect.isfunction(one) and one.__module__.startswith(_INSIDE) and one is not _ANY


def _sources(functions: Iterable[Callable[..., Any]]) -> list[str]:
    return [inspect.getsource(one) for one in functions]
