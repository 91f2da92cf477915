"""Boards: one's own, those shared with others, and what is put on them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from banyan.catalog.rules import slugify
from banyan.kernel import clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.problems import Busy, Conflict, Invalid, NotFound
from banyan.moderation.actions import check_names
from banyan.people.access import member_id, visible_accounts

from .. import counts
from ..access import ONLY_ME, PUBLIC, get_post_for
from ..events import BoardShared
from ..models import Board, BoardMember, BoardPost, Post
from ..models.boards import PLACE

INVITED, TAKES_PART = 0, 1
MOST_MEMBERS = 50
# Addresses below a profile that are something else, and the name of a board without letters.
NOT_BOARDS = frozenset({"board", "rss"})


def make_board(*, actor: Actor, title: str, about: str = "", private: bool = False) -> Board:
    """Make a board; the same title gives the same board, also at once. Raises Invalid."""
    owner_id = member_id(actor)
    title = title.strip()
    if not 1 <= len(title) <= 80:
        raise Invalid(fields={"title": _("Give the board a name of 1 to 80 letters.")})
    check_names(actor=actor, title=title, about=about)
    slug = slugify(title, fallback="board")[:40]
    # What is named alike ends alike: two at once want the same address, and one of them has it.
    other = f"{slug}-{hashlib.sha256(title.encode()).hexdigest()[:8]}"
    any_other = f"{slug}-{new_code(50).lower()}"
    for address in [other, any_other] if slug in NOT_BOARDS else [slug, other, any_other]:
        before = Board.objects.filter(owner_id=owner_id, title=title).first()
        if before is not None:
            return before
        board = Board(
            owner_id=owner_id,
            slug=address,
            title=title,
            about=about.strip()[:300],
            visibility=ONLY_ME if private else PUBLIC,
            created_at=clock.now(),
        )
        if _is_written(board):
            return board
    raise Busy()


def _is_written(board: Board) -> bool:
    """Write a new board; tell whether its address was free."""
    try:
        with transaction.atomic():
            board.save(force_insert=True)
    except IntegrityError as error:
        if "board_slug_once" not in str(error):
            raise
        return False
    return True


def _own(actor: Actor, board_id: int) -> Board:
    board = Board.objects.filter(pk=board_id, owner_id=member_id(actor)).first()
    if board is None:
        raise NotFound()
    return board


def _open_to(actor: Actor, board_id: int) -> Board:
    """Return a board that the actor may add to: their own, or one they take part in."""
    by = member_id(actor)
    takes_part = Q(members__account_id=by, members__state=TAKES_PART)
    owners = visible_accounts(Actor(kind="member", id=by))
    mine = Board.objects.filter(Q(owner_id=by) | (takes_part & Q(owner__in=owners)))
    board = mine.filter(pk=board_id).distinct().first()
    if board is None:
        raise NotFound()
    return board


def save_to_board(*, actor: Actor, post_id: int, board_id: int, note: str = "") -> BoardPost:
    """Put a post on one's own or a shared board, first; repeatable."""
    board = _open_to(actor, board_id)
    post = get_post_for(actor, post_id)
    check_names(actor=actor, note=note)
    with transaction.atomic():
        row, new = BoardPost.objects.get_or_create(
            board=board,
            post=post,
            defaults={
                "note": note.strip()[:200],
                "added_by_id": actor.id if actor.id != board.owner_id else None,
                "added_at": clock.now(),
            },
        )
        if new:
            counts.count("saves", post.pk)
    return row


def take_from_board(*, actor: Actor, post_id: int, board_id: int) -> None:
    """Take a post off: the board's owner any, whoever takes part their own. Repeatable."""
    by = member_id(actor)
    entries = BoardPost.objects.filter(post_id=post_id, board_id=board_id)
    with transaction.atomic():
        deleted, _rows = entries.filter(Q(board__owner_id=by) | Q(added_by_id=by)).delete()
        if deleted:
            counts.count("saves", post_id, -1)


def note_on_board(*, actor: Actor, board_id: int, post_id: int, note: str) -> BoardPost:
    """Say why a post is on the board: its owner, or whoever put it there. Repeatable."""
    by = member_id(actor)
    entries = BoardPost.objects.filter(board_id=board_id, post_id=post_id)
    entry = entries.filter(Q(board__owner_id=by) | Q(added_by_id=by)).first()
    if entry is None:
        raise NotFound()
    if len(note.strip()) > 200:
        raise Invalid(fields={"note": _("At most 200 letters.")})
    check_names(actor=actor, note=note)
    entry.note = note.strip()
    entry.save(update_fields=["note"])
    return entry


def move_on_board(*, actor: Actor, board_id: int, post_id: int, up: bool) -> None:
    """Let a post and its neighbour on one's own board change places; at the end nothing moves.

    Takes the board's row lock, so that two moves at once do not lose a place.
    """
    board = _own(actor, board_id)
    with transaction.atomic():
        list(Board.objects.select_for_update(no_key=True).filter(pk=board.pk))
        rows = list(board.entries.annotate(at=PLACE).order_by("-at", "-id"))
        places = [row.post_id for row in rows]
        if post_id not in places:
            raise NotFound()
        here = places.index(post_id)
        there = here - 1 if up else here + 1
        if not 0 <= there < len(rows):
            return
        one, other = rows[here], rows[there]
        one.place, other.place = other.at, one.at
        BoardPost.objects.bulk_update([one, other], ["place"])


def choose_cover(*, actor: Actor, board_id: int, post_id: int | None) -> Board:
    """Let a post on one's own board stand for it; None leaves it to the newest."""
    board = _own(actor, board_id)
    if post_id is not None and not board.entries.filter(post_id=post_id).exists():
        raise NotFound()
    board.cover = None if post_id is None else Post(pk=post_id)
    board.save(update_fields=["cover"])
    return board


def change_board(
    *, actor: Actor, board_id: int, title: str, about: str = "", private: bool = False
) -> Board:
    """Rename one's own board, or open or close it to others; its address stays."""
    board = _own(actor, board_id)
    fields: dict[str, object] = {}
    if not 1 <= len(title.strip()) <= 80:
        fields["title"] = _("Give the board a name of 1 to 80 letters.")
    if len(about.strip()) > 300:
        fields["about"] = _("At most 300 letters.")
    if fields:
        raise Invalid(fields=fields)
    check_names(actor=actor, title=title, about=about)
    board.title, board.about = title.strip(), about.strip()
    board.visibility = ONLY_ME if private else PUBLIC
    board.save(update_fields=["title", "about", "visibility"])
    return board


def delete_board(*, actor: Actor, board_id: int) -> None:
    """Take one's own board away; the posts on it stay where they are. Repeatable."""
    board = Board.objects.filter(pk=board_id, owner_id=member_id(actor)).first()
    if board is None:
        return
    with transaction.atomic():
        _count_away(board.entries.values_list("post_id", flat=True))
        board.delete()


def _count_away(post_ids: Iterable[int]) -> None:
    for post_id in post_ids:
        counts.count("saves", post_id, -1)


def invite_to_board(*, actor: Actor, board_id: int, handle: str) -> BoardMember:
    """Ask somebody to add to one's own board. Emits board.shared the first time. Repeatable.

    Invalid for whom the owner may not see; Conflict ``board_full`` above 50.
    """
    board = _own(actor, board_id)
    people = visible_accounts(Actor(kind="member", id=actor.id)).exclude(pk=board.owner_id)
    person = people.filter(handle__iexact=handle.strip().removeprefix("@")).first()
    if person is None:
        raise Invalid(fields={"handle": _("Nobody has this name.")})
    with transaction.atomic():
        list(Board.objects.select_for_update(no_key=True).filter(pk=board.pk))
        if board.members.exclude(account=person).count() >= MOST_MEMBERS:
            raise Conflict(_("A board is shared by at most 50 people."), code="board_full")
        row, new = BoardMember.objects.get_or_create(
            board=board, account=person, defaults={"created_at": clock.now()}
        )
        if new:
            told = BoardShared(board_id=board.pk, account_id=person.pk, by_id=board.owner_id)
            events.emit(told, actor=actor)
    return row


def join_board(*, actor: Actor, board_id: int) -> None:
    """Say yes to an invitation. Repeatable; NotFound without one."""
    mine = BoardMember.objects.filter(board_id=board_id, account_id=member_id(actor))
    if not mine.update(state=TAKES_PART):
        raise NotFound()


def leave_board(*, actor: Actor, board_id: int, account_id: int | None = None) -> None:
    """Say no, or leave; the owner may take anybody off. What they added stays. Repeatable."""
    by = member_id(actor)
    gone = by if account_id is None else account_id
    members = BoardMember.objects.filter(board_id=board_id, account_id=gone)
    members.filter(Q(account_id=by) | Q(board__owner_id=by)).delete()
