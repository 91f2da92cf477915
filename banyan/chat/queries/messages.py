"""Messages with everything that is drawn of them; statements do not grow with their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from banyan.community.access import visible_posts
from banyan.community.models import Comment
from banyan.kernel.actors import Actor
from banyan.media.queries import pictures
from banyan.orders.models import OrderNote

from .. import ports
from ..access import visible_messages
from ..models import Message, Room
from ..rules import TAKEN_BACK, Piece, pieces

PAGE = 30
MOST_LIVE = 200


@dataclass(frozen=True, slots=True)
class Said:
    """A message ready to draw. ``gone``: taken back, or no longer where it was said; ``held``:
    a moderator looks at it, or has taken it off. ``yours``: the reader may take it back.

    ``source`` says where it was said if not here: comment, note, or empty. ``card`` is None where
    the reader may not see the thing (any more), which ``lost`` tells.
    """

    message: Message
    pieces: list[Piece]
    mine: bool
    picture: Any = None
    card: ports.Card | None = None
    source: str = ""
    lost: bool = False
    gone: bool = False
    held: bool = False
    yours: bool = False


def latest(viewer: Actor, room: Room, *, limit: int = PAGE) -> list[Said]:
    """Return the last messages of a room, oldest first. Nine statements at most."""
    rows = visible_messages(viewer, room).order_by("-seq")[:limit]
    return _drawn(viewer, room, list(rows)[::-1])


def earlier(viewer: Actor, room: Room, *, before: int, limit: int = PAGE) -> list[Said]:
    """Return what was said before a number, oldest first."""
    rows = visible_messages(viewer, room).filter(seq__lt=before).order_by("-seq")[:limit]
    return _drawn(viewer, room, list(rows)[::-1])


def since(viewer: Actor, room: Room, *, first: int, limit: int = MOST_LIVE) -> list[Said]:
    """Return what was said from a number on, oldest first: the same again, and what is new.

    Where that is too much, the latest of it.
    """
    rows = visible_messages(viewer, room).filter(seq__gte=first).order_by("-seq")[:limit]
    return _drawn(viewer, room, list(rows)[::-1])


def following(viewer: Actor, room: Room, *, after: int, limit: int = PAGE) -> list[Said]:
    """Return what was said next after a number, oldest first; for who walks through all of it."""
    rows = visible_messages(viewer, room).filter(seq__gt=after).order_by("seq")[:limit]
    return _drawn(viewer, room, list(rows))


def _drawn(viewer: Actor, room: Room, rows: Sequence[Message]) -> list[Said]:
    _with_authors(rows)
    shown = pictures(row.image_id for row in rows if row.image_id)
    by_kind: dict[str, set[int]] = {}
    for row in rows:
        if row.card_id is not None:
            by_kind.setdefault(row.card_kind, set()).add(row.card_id)
    words = _words(by_kind.pop("comment", set()), by_kind.pop("note", set()))
    cards = {kind: ports.cards(viewer, kind, ids) for kind, ids in by_kind.items()}
    return [_said(viewer, row, shown, words, cards) for row in rows]


def _with_authors(rows: Sequence[Message]) -> None:
    from banyan.people.models import Account

    ids = {row.author_id for row in rows if row.author_id is not None}
    people = Account.objects.select_related("avatar").in_bulk(ids)
    for row in rows:
        row.author = people.get(row.author_id) if row.author_id is not None else None


def _words(comments: set[int], notes: set[int]) -> dict[tuple[str, int], str]:
    """Return what was said elsewhere as it stands there now, where everybody may still read it."""
    found: dict[tuple[str, int], str] = {}
    if comments:
        living = Comment.objects.filter(
            pk__in=comments, deleted_at=None, post__in=visible_posts(Actor.guest())
        )
        found |= {("comment", pk): body for pk, body in living.values_list("pk", "body")}
    if notes:
        kept = OrderNote.objects.filter(pk__in=notes).values_list("pk", "body")
        found |= {("note", pk): body for pk, body in kept}
    return found


def _said(
    viewer: Actor,
    row: Message,
    shown: Mapping[int, Any],
    words: Mapping[tuple[str, int], str],
    cards: Mapping[str, Mapping[int, ports.Card]],
) -> Said:
    elsewhere = row.card_kind in {"comment", "note"}
    body, gone = row.body, row.deleted_at is not None
    if elsewhere:
        told = words.get((row.card_kind, row.card_id or 0))
        body, gone = told or "", told is None
    if gone:
        kept = row.deleted_at is not None and bool(row.body or row.image_id or row.card_kind)
        source = row.card_kind if elsewhere else ""
        return Said(row, [], row.author_id == viewer.id, source=source, gone=True, held=kept)
    card = cards.get(row.card_kind, {}).get(row.card_id or 0)
    return Said(
        message=row,
        pieces=pieces(body),
        mine=row.author_id == viewer.id,
        picture=shown.get(row.image_id or 0),
        card=card,
        source=row.card_kind if elsewhere else "",
        lost=bool(row.card_kind) and not elsewhere and card is None,
        yours=row.author_id == viewer.id and row.card_kind in TAKEN_BACK,
    )
