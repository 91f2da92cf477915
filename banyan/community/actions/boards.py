"""Boards and what is put on them."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.catalog.rules import slugify
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.problems import Invalid, NotFound

from .. import counts
from ..access import ONLY_ME, PUBLIC, get_post_for
from ..models import Board, BoardPost
from .members import member_id


def make_board(*, actor: Actor, title: str, about: str = "", private: bool = False) -> Board:
    """Make a board; the same title gives the same board."""
    owner_id = member_id(actor)
    title = title.strip()
    if not 1 <= len(title) <= 80:
        raise Invalid(fields={"title": _("Give the board a name of 1 to 80 letters.")})
    before = Board.objects.filter(owner_id=owner_id, title=title).first()
    if before is not None:
        return before
    slug = slugify(title, fallback="board")[:40]
    if Board.objects.filter(owner_id=owner_id, slug=slug).exists() or slug == "board":
        slug = f"{slug}-{new_code(30).lower()}"
    return Board.objects.create(
        owner_id=owner_id,
        slug=slug,
        title=title,
        about=about.strip()[:300],
        visibility=3 if private else 0,
        created_at=clock.now(),
    )


def save_to_board(*, actor: Actor, post_id: int, board_id: int, note: str = "") -> BoardPost:
    """Put a post on one's own board; repeatable."""
    board = Board.objects.filter(pk=board_id, owner_id=member_id(actor)).first()
    if board is None:
        raise NotFound()
    post = get_post_for(actor, post_id)
    with transaction.atomic():
        row, new = BoardPost.objects.get_or_create(
            board=board, post=post, defaults={"note": note.strip()[:200], "added_at": clock.now()}
        )
        if new:
            counts.count("saves", post.pk)
    return row


def take_from_board(*, actor: Actor, post_id: int, board_id: int) -> None:
    """Take a post off one's own board; repeatable."""
    mine = BoardPost.objects.filter(
        post_id=post_id, board_id=board_id, board__owner_id=member_id(actor)
    )
    with transaction.atomic():
        deleted, _rows = mine.delete()
        if deleted:
            counts.count("saves", post_id, -1)


def change_board(
    *, actor: Actor, board_id: int, title: str, about: str = "", private: bool = False
) -> Board:
    """Rename one's own board, or open or close it to others; its address stays."""
    board = Board.objects.filter(pk=board_id, owner_id=member_id(actor)).first()
    if board is None:
        raise NotFound()
    fields: dict[str, object] = {}
    if not 1 <= len(title.strip()) <= 80:
        fields["title"] = _("Give the board a name of 1 to 80 letters.")
    if len(about.strip()) > 300:
        fields["about"] = _("At most 300 letters.")
    if fields:
        raise Invalid(fields=fields)
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
        for post_id in board.entries.values_list("post_id", flat=True):
            counts.count("saves", post_id, -1)
        board.delete()
