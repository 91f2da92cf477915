"""What happened while one was away."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from banyan.kernel.cursors import Cursor
from banyan.notify import actions as notify
from banyan.notify.access import get_notification_for, preference_of
from banyan.notify.queries import ALL, REQUESTS, SHOWN, UNREAD, notification_page
from banyan.notify.rules import REQUESTS as APART
from banyan.web.ui.shapes import Tab

from ...accounts import unread_text
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
    show = request.GET.get("show", ALL)
    show = show if show in SHOWN else ALL
    before = Cursor.read(request.GET.get("before", ""))
    found = notification_page(me, before=before, limit=PAGE, show=show)
    faces = faces_of(person for one in found.told for person in one.people)
    more = ""
    if found.further:
        query = {"show": show, "before": str(found.further)}
        more = f"{reverse('notifications')}?{urlencode(query)}"
    context = {
        "nav": "me",
        "told": [(one, [faces[person.pk] for person in one.people]) for one in found.told],
        "unread": unread_text(request),
        "tabs": _tabs(me, show),
        "more_url": more,
        "live": ticket(request, f"member:{me}"),
        "here": request.get_full_path(),
    }
    return render(request, "shop/people/notifications.html", context)


def _tabs(me: int, show: str) -> list[Tab]:
    """Return all and unread; who keeps strangers apart finds them under requests."""
    texts = {ALL: _("All"), UNREAD: _("Unread")}
    if show == REQUESTS or preference_of(me).strangers == APART:
        texts[REQUESTS] = _("Requests")
    url = reverse("notifications")
    return [Tab(text, f"{url}?show={name}", name == show) for name, text in texts.items()]


@member
@require_safe
def notifications_badge(request: HttpRequest) -> HttpResponse:
    """Answer the badge and the bell, for a page that heard that they have changed."""
    return render(request, "shop/people/badge_alone.html", badge(request))


def badge(request: HttpRequest) -> dict[str, object]:
    """Return what the badge is drawn with; it listens to the member's own topic."""
    return {
        "unread": unread_text(request),
        "live": ticket(request, f"member:{actor(request).id or 0}"),
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
    row = get_notification_for(actor(request), notification_id)
    notify.mark_read(recipient_id=row.recipient_id, notification_id=row.pk)
    return redirect(row.url or "notifications")
