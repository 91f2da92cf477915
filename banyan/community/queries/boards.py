"""Boards: whose they are, who adds to them, and what is on them with its notes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from banyan.kernel.actors import Actor
from banyan.people.access import visible_accounts
from banyan.people.models import Account

from ..access import visible_posts
from ..models import Board, BoardMember, BoardPost
from ..models.boards import PLACE

INVITED, TAKES_PART = 0, 1


@dataclass(frozen=True, slots=True)
class Entry:
    """A post on a board: why it is there, and who put it there if not the owner."""

    post_id: int
    note: str
    by: Account | None


@dataclass(frozen=True, slots=True)
class Keeper:
    """Somebody who adds to a board, or is asked to (``invited``)."""

    account: Account
    invited: bool


def entries_of(viewer: Actor, board_id: int) -> list[Entry]:
    """Return what is on a board, as far as ``viewer`` may see, in its order."""
    rows = BoardPost.objects.filter(board_id=board_id, post__in=visible_posts(viewer))
    rows = rows.select_related("added_by").annotate(at=PLACE)
    seen = set(visible_accounts(viewer).filter(pk__in=rows.values("added_by_id")).values_list("pk"))
    return [
        Entry(row.post_id, row.note, row.added_by if (row.added_by_id,) in seen else None)
        for row in rows.order_by("-at", "-id")[:200]
    ]


def keepers_of(viewer: Actor, board_id: int) -> list[Keeper]:
    """Return who adds to a board, as far as ``viewer`` may see them."""
    rows = BoardMember.objects.filter(board_id=board_id, account__in=visible_accounts(viewer))
    rows = rows.select_related("account__avatar").order_by("id")
    return [Keeper(row.account, row.state == INVITED) for row in rows]


def boards_of(viewer: Actor) -> QuerySet[Board]:
    """Return the boards that a member may add to, their own first; ``n`` posts are on each."""
    if viewer.id is None:
        return Board.objects.none()
    mine = Board.objects.filter(owner_id=viewer.id)
    shared = shared_boards(viewer).filter(members__state=TAKES_PART)
    return (
        Board.objects.filter(Q(pk__in=mine.values("pk")) | Q(pk__in=shared.values("pk")))
        .select_related("owner")
        .annotate(n=Count("entries"))
        .order_by("title")
    )


def shared_boards(viewer: Actor) -> QuerySet[Board]:
    """Return others' boards that a member adds to, or is asked to: ``state`` 0 is asked."""
    mine = BoardMember.objects.filter(board_id=OuterRef("pk"), account_id=viewer.id or 0)
    return (
        Board.objects.filter(members__account_id=viewer.id or 0, owner__in=visible_accounts(viewer))
        .select_related("owner")
        .annotate(state=Subquery(mine.values("state")[:1]))
        .order_by("title")
    )


def covers_of(viewer: Actor, boards: Iterable[Board]) -> dict[int, int]:
    """Return the post that stands for each board, by board id: its cover, else its first.

    One statement; a board whose posts the reader may not see has none.
    """
    found: dict[int, int] = {}
    chosen = {board.pk: board.cover_id for board in boards}
    rows = BoardPost.objects.filter(board_id__in=chosen, post__in=visible_posts(viewer))
    ordered = rows.annotate(at=PLACE).order_by("board_id", "-at", "-id")
    for board_id, post_id in ordered.values_list("board_id", "post_id"):
        if board_id not in found or post_id == chosen[board_id]:
            found[board_id] = post_id
    return found
