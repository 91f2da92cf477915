"""What the chat asks of the floors above: how things look as cards, and where addresses lead."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from django.core.exceptions import ImproperlyConfigured

from banyan.kernel.actors import Actor

CARD_KINDS = ("product", "post", "shop", "storefront", "link", "order")
SHARED_KINDS = ("product", "post", "shop", "storefront")


@dataclass(frozen=True, slots=True)
class Card:
    """A thing inside a message. ``url`` is a path; ``image`` an address, or empty.

    ``disclosure`` is the line owed to a reader from whose purchase the sender may earn.
    """

    url: str
    title: str
    sub: str = ""
    image: str = ""
    price: str = ""
    disclosure: str = ""


class Place(NamedTuple):
    """Where an address of ours leads: a kind of card and its id."""

    kind: str
    id: int


Resolver = Callable[[Actor, Collection[int]], Mapping[int, Card]]
"""Takes the reader and ids; what they may not see (any more) is absent. As many statements for a
hundred as for one."""

AddressReader = Callable[[str, str], Place | None]
"""Takes an address as typed and our own host; None where it is not ours or leads to no card."""

_resolvers: dict[str, Resolver] = {}
_readers: list[AddressReader] = []


def register_card(kind: str, resolver: Resolver) -> None:
    """Say how things of a kind look. Called in ``AppConfig.ready()``; the last one counts."""
    _resolvers[kind] = resolver


def register_address_reader(reader: AddressReader) -> None:
    """Say how addresses are read. Called in ``AppConfig.ready()``."""
    _readers[:] = [reader]


def cards(viewer: Actor, kind: str, ids: Collection[int]) -> Mapping[int, Card]:
    """Return how things look to ``viewer`` now, by id."""
    resolver = _resolvers.get(kind)
    if resolver is None:
        raise ImproperlyConfigured(f"nobody draws a {kind} in the chat")
    return resolver(viewer, ids)


def read_address(address: str, host: str) -> Place | None:
    """Return where an address leads that somebody typed, if it is one of ours."""
    if not _readers:
        raise ImproperlyConfigured("nobody reads addresses for the chat")
    return _readers[0](address, host)


def missing() -> list[str]:
    """Return what no floor above has registered; must be empty once Django has started."""
    absent = [f"card of a {kind}" for kind in CARD_KINDS if kind not in _resolvers]
    return absent if _readers else [*absent, "reader of addresses"]
