"""Comments in two levels."""

from __future__ import annotations

from dataclasses import dataclass, field

from banyan.kernel.actors import Actor

from ..access import visible_comments
from ..models import Comment

MOST = 500


@dataclass(slots=True)
class Thread:
    """A comment and its answers, oldest first. A ``gone`` one stays for the answers' sake."""

    root: Comment
    replies: list[Comment] = field(default_factory=list)

    @property
    def gone(self) -> bool:
        """Its author or the post's took it away."""
        return self.root.deleted_at is not None


def thread(viewer: Actor, post_id: int) -> list[Thread]:
    """Return the comments of a post as ``viewer`` may read them, oldest first; one statement.

    Answers to somebody the viewer may not see go with what they answer.
    """
    rows = visible_comments(viewer, post_id).select_related("author__avatar").order_by("id")[:MOST]
    threads: dict[int, Thread] = {}
    for row in rows:
        if row.root_id is None:
            threads[row.pk] = Thread(row)
        elif row.deleted_at is None and row.root_id in threads:
            threads[row.root_id].replies.append(row)
    return [one for one in threads.values() if one.replies or not one.gone]
