"""The shop's inbox: who waits for what, how soon they are answered, and the order beside it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from banyan.catalog.access import works_in
from banyan.catalog.models import ShopStaff
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.cursors import Cursor
from banyan.orders.models import Order

from ..access import visible_threads
from ..models import Answer, Member, Message, QuickReply, Thread
from ..rules import median
from ..states import DONE, OPEN, WAITING

PAGE = 30
SPAN = dt.timedelta(days=30)
MOST_TIMES = 5_000
MOST_ORDERS = 5


@dataclass(frozen=True, slots=True)
class Row:
    """A thread in the list with its last message."""

    thread: Thread
    last: Message | None
    unread: int


@dataclass(frozen=True, slots=True)
class FirstReply:
    """How long a first answer took: the middle of ``n`` of the last thirty days.

    ``median`` is None without any. ``waiting`` questions have none yet, the oldest since
    ``oldest``: they are in no average, so they are told beside it.
    """

    median: dt.timedelta | None
    n: int
    waiting: int
    oldest: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Desk:
    """A page of threads, and how many there are by state."""

    rows: list[Row]
    counts: dict[str, int]
    more: bool


def desk(
    viewer: Actor,
    shop_id: int,
    *,
    state: str = "",
    whose: str = "",
    before: Cursor | None = None,
    limit: int = PAGE,
) -> Desk:
    """Return a shop's threads, the latest said in first; four statements.

    ``state`` open, waiting, done, or all; ``whose`` mine, nobody, or all. ``before`` continues
    after a thread as it was listed.
    """
    found = visible_threads(viewer, shop_id)
    counts = {one: found.filter(state=one).count() for one in (OPEN, WAITING, DONE)}
    if state in counts:
        found = found.filter(state=state)
    if whose == "mine":
        found = found.filter(assignee_id=viewer.id)
    elif whose == "nobody":
        # Whoever was let go answers nobody any more, whatever they had.
        works = ShopStaff.objects.filter(shop_id=shop_id, account_id=OuterRef("assignee_id"))
        found = found.filter(~Exists(works))
    if before is not None:
        found = found.filter(before.further("last_at"))
    page = _page(found, limit + 1)
    return Desk(page[:limit], counts, len(page) > limit)


def _page(found: QuerySet[Thread], limit: int) -> list[Row]:
    rows = list(
        found.select_related("room__account__avatar", "assignee")
        .annotate(unread=F("room__last_seq") - F("read_seq"))
        .order_by("-last_at", "-pk")[:limit]
    )
    wanted = Q(pk=None)
    for row in rows:
        wanted |= Q(room_id=row.room_id, seq=row.room.last_seq)
    last = {one.room_id: one for one in Message.objects.filter(wanted)}
    return [Row(row, last.get(row.room_id), max(0, row.unread)) for row in rows]


def first_reply(viewer: Actor, shop_id: int) -> FirstReply:
    """Return how soon a shop answers. Two statements."""
    if not works_in(viewer, shop_id):
        return FirstReply(None, 0, 0, None)
    lately = Answer.objects.filter(shop_id=shop_id, answered_at__gte=clock.now() - SPAN)
    times = [
        answered - asked
        for asked, answered in lately.order_by("-answered_at").values_list(
            "asked_at", "answered_at"
        )[:MOST_TIMES]
    ]
    open_since = (
        Thread.objects.filter(shop_id=shop_id)
        .exclude(asked_at=None)
        .values_list("asked_at", flat=True)
    )
    waiting = sorted(at for at in open_since if at is not None)
    return FirstReply(median(times), len(times), len(waiting), waiting[0] if waiting else None)


def read_by_buyer(thread: Thread) -> int:
    """Return how far a thread's buyer has read."""
    theirs = Member.objects.filter(room_id=thread.room_id, account_id=thread.room.account_id)
    return theirs.values_list("last_read_seq", flat=True).first() or 0


def orders_beside(thread: Thread) -> list[Order]:
    """Return the last orders that a thread's buyer has with the shop, newest first."""
    mine = Order.objects.filter(shop_id=thread.shop_id, checkout__buyer_id=thread.room.account_id)
    return list(mine.select_related("checkout").order_by("-id")[:MOST_ORDERS])


def quick_replies(viewer: Actor, shop_id: int) -> list[QuickReply]:
    """Return a shop's ready words for those who work there, by title."""
    if not works_in(viewer, shop_id):
        return []
    return list(QuickReply.objects.filter(shop_id=shop_id).order_by("title"))
