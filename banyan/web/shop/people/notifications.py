"""What happened while one was away."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe

from banyan.kernel.problems import NotFound
from banyan.notify import actions as notify
from banyan.notify.models import Notification
from banyan.notify.queries import MOST, unread_count
from banyan.notify.queries import notifications as read_notifications

from ...http import actor
from ...streams import ticket
from .faces import faces_of
from .sessions import member

PAGE = 30


@member
@require_safe
def notifications(request: HttpRequest) -> HttpResponse:
    """List what happened, newest first; reading marks nothing until one says so or opens one."""
    me = actor(request).id or 0
    told = read_notifications(me, before=_before(request), limit=PAGE + 1)
    shown = told[:PAGE]
    faces = faces_of(person for one in shown for person in one.people)
    more = ""
    if len(told) > PAGE:
        more = f"{reverse('notifications')}?{urlencode({'before': shown[-1].at.isoformat()})}"
    context = {
        "nav": "me",
        "told": [(one, [faces[person.pk] for person in one.people]) for one in shown],
        "unread": unread_count(me),
        "more_url": more,
        "live": ticket(request, f"member:{me}"),
        "here": request.get_full_path(),
    }
    return render(request, "shop/people/notifications.html", context)


def _before(request: HttpRequest) -> dt.datetime | None:
    try:
        moment = parse_datetime(request.GET.get("before", ""))
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


@member
@require_safe
def notifications_badge(request: HttpRequest) -> HttpResponse:
    """Answer the badge alone, for a page that heard that it has changed."""
    return render(request, "shop/people/badge.html", badge(request))


def badge(request: HttpRequest) -> dict[str, object]:
    """Return what the badge is drawn with; it listens to the member's own topic."""
    me = actor(request).id or 0
    unread = unread_count(me)
    return {
        "unread": f"{MOST}+" if unread >= MOST else unread,
        "live": ticket(request, f"member:{me}"),
    }


@require_POST
@member
def notifications_read(request: HttpRequest) -> HttpResponse:
    """Mark all as read."""
    notify.mark_read(recipient_id=actor(request).id or 0)
    return redirect("notifications")


@require_POST
@member
def notification_open(request: HttpRequest, notification_id: int) -> HttpResponse:
    """Mark one as read and go where it leads."""
    me = actor(request).id or 0
    row = Notification.objects.filter(pk=notification_id, recipient_id=me).first()
    if row is None:
        raise NotFound()
    notify.mark_read(recipient_id=me, notification_id=row.pk)
    return redirect(row.url or "notifications")
