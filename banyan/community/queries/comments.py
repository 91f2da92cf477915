"""Comments in two levels, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from banyan.kernel.actors import Actor
from banyan.kernel.digits import whole
from banyan.kernel.problems import NotFound

from .. import counts
from ..access import visible_comments
from ..models import Comment, CommentLike

ROOTS, FIRST_REPLIES, REPLIES = 20, 2, 50

Order = Literal["oldest", "newest", "hot"]


@dataclass(slots=True)
class Thread:
    """A comment and the first of its ``answers``, oldest first. A ``gone`` one stays for theirs."""

    root: Comment
    replies: list[Comment] = field(default_factory=list)
    answers: int = 0

    @property
    def gone(self) -> bool:
        """Its author or the post's took it away."""
        return self.root.deleted_at is not None


@dataclass(frozen=True, slots=True)
class Talk:
    """A page of what is said under a post, and the cursor of the next one, empty at the end."""

    threads: list[Thread]
    next: str = ""


def thread(
    viewer: Actor,
    post_id: int,
    *,
    order: Order = "oldest",
    first: Iterable[int | None] = (),
    at: int | None = None,
    cursor: str = "",
    page: int = ROOTS,
) -> Talk:
    """Return a page of the comments of a post as ``viewer`` may read them, each with its first
    FIRST_REPLIES answers; three statements for any number.

    ``hot`` counts likes and answers, those of the last seconds not yet. Those of ``first`` (pinned,
    accepted) lead the first page in any order, and so does the comment ``at`` (of either level; one
    statement more), so that whoever is sent to it finds it. Answers to somebody the viewer may not
    see go with what they answer.
    """
    heard = visible_comments(viewer, post_id)
    leading = [pk for pk in dict.fromkeys([*first, *_root_of(heard, at)]) if pk is not None]
    roots = _ordered(_with_answers(viewer, heard), order)
    if cursor:
        roots = roots.exclude(pk__in=leading).filter(_beyond(cursor, order))
    elif leading:
        place = Case(
            *(When(pk=pk, then=Value(n)) for n, pk in enumerate(leading)),
            default=Value(len(leading)),
        )
        roots = roots.order_by(place, *roots.query.order_by)
    rows = list(roots[: page + 1])
    here = rows[:page]
    shown = {pk for row in here for pk in row.firsts}  # type: ignore[attr-defined]  # annotated
    replies = heard.filter(Q(pk__in=shown) | Q(pk=at, root__isnull=False, deleted_at=None))
    answers = list(_drawn(viewer, replies).order_by("id")) if shown or at else []
    _count(here + answers)
    threads = {row.pk: Thread(row, answers=row.answers) for row in here}  # type: ignore[attr-defined]  # annotated
    for row in answers:
        if row.root_id in threads:
            threads[row.root_id].replies.append(row)
    return Talk(list(threads.values()), _cursor(here[-1], order) if len(rows) > page else "")


def replies_to(
    viewer: Actor, post_id: int, root_id: int, *, after: int = 0, page: int = REPLIES
) -> tuple[list[Comment], int | None]:
    """Return a page of the answers to a comment as ``viewer`` may read them, oldest first, and
    the cursor of the next one.

    None to one by somebody they may not see.
    """
    heard = visible_comments(viewer, post_id)
    if not heard.filter(pk=root_id, root=None).exists():
        return [], None
    found = heard.filter(root_id=root_id, deleted_at=None, pk__gt=after)
    rows = list(_drawn(viewer, found).order_by("id")[: page + 1])
    here = _count(rows[:page])
    return here, here[-1].pk if len(rows) > page else None


def get_comment_for(viewer: Actor, post_id: int, comment_id: int) -> Comment:
    """Return one comment that ``viewer`` may read, as it is drawn, or raise NotFound."""
    found = visible_comments(viewer, post_id).filter(pk=comment_id, deleted_at=None)
    row = _drawn(viewer, found).first()
    if row is None:
        raise NotFound()
    return _count([row])[0]


def _root_of(heard: QuerySet[Comment], at: int | None) -> list[int]:
    if at is None:
        return []
    return list(heard.filter(pk=at).values_list(Coalesce("root_id", "pk"), flat=True))


def _with_answers(viewer: Actor, heard: QuerySet[Comment]) -> QuerySet[Comment]:
    """Return the roots that are there, or are gone and have answers: with ``answers``, how many,
    and ``firsts``, the ids of the first of them."""
    mine = heard.filter(root_id=OuterRef("pk"), deleted_at=None).order_by("id")
    count = mine.order_by().values("root_id").annotate(n=Count("pk")).values("n")
    return (
        _drawn(viewer, heard.filter(root=None))
        .filter(Q(deleted_at=None) | Exists(mine))
        .annotate(
            answers=Coalesce(Subquery(count), 0),
            firsts=ArraySubquery(mine.values("pk")[:FIRST_REPLIES]),
        )
    )


def _drawn(viewer: Actor, comments: QuerySet[Comment]) -> QuerySet[Comment]:
    """Read comments with their authors, and whether the viewer likes them (``is_liked``)."""
    mine = CommentLike.objects.filter(comment_id=OuterRef("pk"), account_id=viewer.id or 0)
    return comments.select_related("author__avatar").annotate(is_liked=Exists(mine))


def _count(rows: list[Comment]) -> list[Comment]:
    """Bring the likes of comments up to this second. One statement, none for none."""
    waiting: Mapping[int, int] = (
        counts.pending("comment_likes", [row.pk for row in rows]) if rows else {}
    )
    for row in rows:
        row.likes = max(0, row.likes + waiting.get(row.pk, 0))
    return rows


def _ordered(roots: QuerySet[Comment], order: Order) -> QuerySet[Comment]:
    if order == "hot":
        return roots.annotate(heat=F("likes") + F("answers")).order_by("-heat", "-id")
    return roots.order_by("-id" if order == "newest" else "id")


def _beyond(cursor: str, order: Order) -> Q:
    """Return the condition of what comes after a cursor; nothing does after an odd one."""
    pk, _colon, heat = cursor.partition(":")
    last = whole(pk)
    if last is None:
        return Q(pk__in=())
    if order == "oldest":
        return Q(pk__gt=last)
    if order == "newest":
        return Q(pk__lt=last)
    reached = whole(heat) or 0
    return Q(heat__lt=reached) | Q(heat=reached, pk__lt=last)


def _cursor(last: Comment, order: Order) -> str:
    if order != "hot":
        return str(last.pk)
    return f"{last.pk}:{last.heat}"  # type: ignore[attr-defined]  # annotated
