"""What the chat asks of the floors above: how things look as cards, and where addresses lead.

A package above puts a kind of card of its own into rooms, a packet of money say, in three steps:

1. in ``AppConfig.ready()`` it says how such cards look to a reader, ``register_card("packet",
   draw)``, and when they look different, ``redraw_on(PacketOpened, room_of)``: open pages of the
   room then fetch their fragment, in which each reader's cards are drawn anew;
2. its action says the message: ``chat.send(actor=..., room_id=..., words=Words(key=f"packet:{id}",
   card=Wanted("packet", id)))``, in its own transaction if it has one. The key makes it repeatable;
3. it keeps the message's room beside its own row, for ``room_of``.

A name has at most twelve letters. No form and no program can put such a card into a message, and
whoever sent it cannot take it back: what becomes of it is said by its package.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from django.core.exceptions import ImproperlyConfigured

from banyan.kernel import topics
from banyan.kernel.actors import Actor
from banyan.kernel.events import Event

from .rules import CARD_KINDS

LONGEST_KIND = 12
E = TypeVar("E", bound=Event)


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
    if not 1 <= len(kind) <= LONGEST_KIND:
        raise ImproperlyConfigured(f"{kind!r} is no name for a card: 1 to {LONGEST_KIND} letters")
    _resolvers[kind] = resolver


def redraw_on(event: type[E], room_of: Callable[[E], int | None]) -> None:
    """Let the open pages of a room draw its cards anew when something has happened.

    ``room_of`` tells in which room, None in none; it runs in the relay, after the commit. Called
    in ``AppConfig.ready()``.
    """

    def touched(happened: E) -> Iterator[str]:
        from .models import Room
        from .topics import topic_of

        room = Room.objects.filter(pk=room_of(happened) or 0).first()
        if room is not None:
            yield topic_of(room)

    topics.announce(event, touched)


def is_drawn(kind: str) -> bool:
    """Tell whether somebody said how things of a kind look."""
    return kind in _resolvers


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
