"""What one was told, and where one is told of what."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Path, Query, Router, Status
from pydantic import Field

from banyan.kernel.cursors import Cursor
from banyan.notify import actions as notify
from banyan.notify.access import get_notification_for
from banyan.notify.queries import Told, notification_page, switches_of, unread_count

from .gate import READ, WRITE, actor
from .paging import CURSOR, SIZE, Further, Limit
from .schemas import Answer, Body, Id, IdOut, Moment, Person

router = Router(tags=["me"])
Show = Literal["all", "unread", "requests"]
Family = Annotated[str, Field(max_length=12)]
SHOW: Any = Query("all", description="All, the unread, or those of people one keeps apart.")  # type: ignore[type-arg]  # ninja leaves it open


class NotificationAnswer(Answer):
    """One notification in the language of the request; ``people`` are the last three."""

    id: IdOut
    text: str
    url: str
    people: list[Person]
    at: Moment
    unread: bool


class NotificationPage(Answer):
    """One page; ``next`` is the cursor of the next one. ``unread`` ends at 99."""

    items: list[NotificationAnswer]
    next: str | None
    unread: int


class SwitchAnswer(Answer):
    """Where one is told of a family of kinds."""

    family: str
    page: bool
    push: bool
    email: bool


class SwitchBody(Body):
    """Without the page there is no push and no e-mail either."""

    page: bool
    push: bool
    email: bool


def _shown(told: Told) -> NotificationAnswer:
    return NotificationAnswer(
        id=told.id,
        text=told.text,
        url=told.url,
        people=[
            Person(id=account.pk, handle=account.handle, name=account.display_name)
            for account in told.people
        ],
        at=told.at,
        unread=told.unread,
    )


@router.get("/me/notifications", auth=READ, response=NotificationPage)
def list_notifications(
    request: HttpRequest,
    show: Show = SHOW,
    before: Further = CURSOR,
    limit: Limit = SIZE,
) -> Any:
    """List what one was told, newest first; reading marks nothing."""
    me = actor(request).id or 0
    found = notification_page(me, before=Cursor.read(before or ""), limit=limit, show=show)
    return NotificationPage(
        items=[_shown(one) for one in found.told],
        next=str(found.further) if found.further else None,
        unread=unread_count(me),
    )


@router.post("/me/notifications/read", auth=WRITE, response={204: None})
def read_notifications(request: HttpRequest) -> Any:
    """Mark all as read. Repeatable."""
    notify.mark_read(recipient_id=actor(request).id or 0)
    return Status(204, None)


@router.post("/me/notifications/{notification_id}/read", auth=WRITE, response={204: None})
def read_notification(request: HttpRequest, notification_id: Path[Id]) -> Any:
    """Mark one as read. Repeatable."""
    row = get_notification_for(actor(request), notification_id)
    notify.mark_read(recipient_id=row.recipient_id, notification_id=row.pk)
    return Status(204, None)


@router.get("/me/notification-switches", auth=READ, response=list[SwitchAnswer])
def list_switches(request: HttpRequest) -> Any:
    """List where one is told of each family of kinds."""
    on = switches_of(actor(request).id or 0)
    return [SwitchAnswer(family=family, **where) for family, where in on.items()]


@router.put("/me/notification-switches/{family}", auth=WRITE, response={204: None})
def set_switch(request: HttpRequest, family: Path[Family], body: SwitchBody) -> Any:
    """Say where one is told of a family. Repeatable. Some families stay on the page."""
    where = notify.Where(body.page, body.push, body.email)
    notify.set_switch(actor=actor(request), family=family, where=where)
    return Status(204, None)
