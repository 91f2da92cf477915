"""Comments in two levels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from django.db.models import Exists, OuterRef, QuerySet

from banyan.kernel.actors import Actor

from .. import counts
from ..access import visible_comments
from ..models import Comment, CommentLike

MOST = 500

Order = Literal["oldest", "newest", "hot"]


@dataclass(slots=True)
class Thread:
    """A comment and its answers, oldest first. A ``gone`` one stays for the answers' sake."""

    root: Comment
    replies: list[Comment] = field(default_factory=list)

    @property
    def gone(self) -> bool:
        """Its author or the post's took it away."""
        return self.root.deleted_at is not None


def thread(
    viewer: Actor, post_id: int, *, order: Order = "oldest", first: tuple[int | None, ...] = ()
) -> list[Thread]:
    """Return the comments of a post as ``viewer`` may read them; two statements.

    ``hot`` counts likes and answers; those of ``first`` (pinned, accepted) lead in any order.
    Answers to somebody the viewer may not see go with what they answer.
    """
    rows = _counted(viewer, visible_comments(viewer, post_id).order_by("id"))
    threads: dict[int, Thread] = {}
    for row in rows:
        if row.root_id is None:
            threads[row.pk] = Thread(row)
        elif row.deleted_at is None and row.root_id in threads:
            threads[row.root_id].replies.append(row)
    shown = [one for one in threads.values() if one.replies or not one.gone]
    if order == "newest":
        shown.reverse()
    if order == "hot":
        shown.sort(key=lambda one: (-one.root.likes - len(one.replies), -one.root.pk))
    shown.sort(key=lambda one: first.index(one.root.pk) if one.root.pk in first else len(first))
    return shown


def replies_to(viewer: Actor, post_id: int, root_id: int) -> list[Comment]:
    """Return the answers to a comment as ``viewer`` may read them, oldest first.

    None to one by somebody they may not see.
    """
    heard = visible_comments(viewer, post_id)
    if not heard.filter(pk=root_id, root=None).exists():
        return []
    return _counted(viewer, heard.filter(root_id=root_id, deleted_at=None).order_by("id"))


def _counted(viewer: Actor, comments: QuerySet[Comment]) -> list[Comment]:
    """Read comments with their authors, whether the viewer likes them (``is_liked``), and likes
    up to this second."""
    mine = CommentLike.objects.filter(comment_id=OuterRef("pk"), account_id=viewer.id or 0)
    rows: list[Comment] = list(
        comments.select_related("author__avatar").annotate(is_liked=Exists(mine))[:MOST]
    )
    waiting = counts.pending("comment_likes", [row.pk for row in rows]) if rows else {}
    for row in rows:
        row.likes = max(0, row.likes + waiting.get(row.pk, 0))
    return rows
