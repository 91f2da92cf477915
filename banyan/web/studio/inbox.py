"""The shop's inbox: one thread for each person, whatever way they asked."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.catalog.models import Shop, ShopStaff
from banyan.chat import actions as chat
from banyan.chat.access import get_thread_for
from banyan.chat.models import Thread
from banyan.chat.queries import (
    FirstReply,
    Said,
    desk,
    earlier,
    first_reply,
    latest,
    orders_beside,
    quick_replies,
    read_by_buyer,
    since,
)
from banyan.chat.topics import topic_of
from banyan.kernel import clock
from banyan.kernel.cursors import Cursor
from banyan.kernel.ids import new_code
from banyan.kernel.money import Money
from banyan.kernel.problems import NotFound, Problem
from banyan.media.queries import staged_for
from banyan.orders.queries import lines_of
from banyan.web.ui.shapes import Tab

from ..http import actor, number, private, signed_in
from ..shop.chat.talk import goods_to_show, shop_lines_of, words_of
from ..shop.people.faces import face_of, faces_of
from ..streams import ticket
from .room import page, refusal_of, shop_of
from .words import order_state

PAGE = 30


@require_safe
@private
@signed_in
def inbox(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """List the threads of a shop, by state and by who answers."""
    shop = shop_of(request, shop_slug)
    who = actor(request)
    state, whose = request.GET.get("state", "open"), request.GET.get("whose", "")
    before = Cursor.read(request.GET.get("before", ""))
    found = desk(who, shop.pk, state=state, whose=whose, before=before)
    here = reverse("studio_inbox", args=[shop.slug])
    buyers = [row.thread.room.account for row in found.rows if row.thread.room.account]
    faces = faces_of(buyers)
    more = ""
    if found.more:
        last = found.rows[-1].thread
        query = {"state": state, "whose": whose, "before": str(Cursor(last.last_at, last.pk))}
        more = f"{here}?{urlencode(query)}"
    context = {
        "rows": [(row, faces[row.thread.room.account_id or 0]) for row in found.rows],
        "tabs": [
            Tab(
                text=text,
                url=f"{here}?{urlencode({'state': name, 'whose': whose})}",
                current=name == state,
                count=found.counts.get(name),
            )
            for name, text in [*_states().items(), ("all", _("All"))]
        ],
        "filters": [
            (text, f"{here}?{urlencode({'state': state, 'whose': name})}", name == whose)
            for name, text in (
                ("", _("Everybody's")),
                ("mine", _("Mine")),
                ("nobody", _("Nobody's")),
            )
        ],
        "reply": _reply_facts(first_reply(who, shop.pk)),
        "more_url": more,
        "live": ticket(request, f"inbox:{shop.pk}"),
        "here": request.get_full_path(),
    }
    return page(request, shop, "inbox", "studio/inbox.html", context)


def _states() -> dict[str, str]:
    return {"open": _("To answer"), "waiting": _("Answered"), "done": _("Done")}


def _reply_facts(found: FirstReply) -> list[tuple[str, str]]:
    """Say how soon the shop answers, of how many questions, and what no figure holds yet."""
    told = "–" if found.median is None else span_text(found.median)
    n = ngettext("of %(n)s question", "of %(n)s questions", found.n) % {"n": found.n}
    facts = [(_("First answer after (median, 30 days)"), f"{told} · {n}")]
    waiting = str(found.waiting)
    if found.oldest is not None:
        at = clock.told(found.oldest)
        waiting = _("%(n)s, the oldest since %(at)s") % {"n": found.waiting, "at": at}
    return [*facts, (_("Without an answer now"), waiting)]


def span_text(span: dt.timedelta) -> str:
    """Return a time in the largest two units that matter: minutes, hours, days."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 1:
        return _("less than a minute")
    if minutes < 60:
        return _("%(n)s min") % {"n": minutes}
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return _("%(h)s h %(m)s min") % {"h": hours, "m": minutes}
    return _("%(d)s d %(h)s h") % {"d": hours // 24, "h": hours % 24}


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def thread(request: HttpRequest, shop_slug: str, thread_id: int) -> HttpResponse:
    """Show a thread with the orders beside it; answer in it."""
    shop = shop_of(request, shop_slug)
    found = get_thread_for(actor(request), shop.pk, thread_id)
    if request.method == "POST":
        return _answer(request, shop, found)
    if request.headers.get("hx-request"):
        return _fragment(request, shop, found)
    return _page(request, shop, found)


def _fragment(request: HttpRequest, shop: Shop, found: Thread) -> HttpResponse:
    who = actor(request)
    first, before = number(request.GET, "first"), number(request.GET, "before")
    if before is not None:
        said = earlier(who, found.room, before=before)
        return render(request, "shop/chat/earlier.html", _talk(request, shop, found, said))
    return _since(request, shop, found, first)


def _since(request: HttpRequest, shop: Shop, found: Thread, first: int | None) -> HttpResponse:
    said = since(actor(request), found.room, first=first or 0)
    talk = _talk(request, shop, found, said, first)
    return render(request, "shop/chat/talk.html", talk)


def _talk(
    request: HttpRequest, shop: Shop, found: Thread, said: list[Said], first: int | None = None
) -> dict[str, Any]:
    here = reverse("studio_thread", args=[shop.slug, found.pk])
    begins = said[0].message.seq if said else found.room.last_seq + 1
    ours = [one.message.seq for one in said if one.message.as_shop]
    return {
        "room": found.room,
        "lines": shop_lines_of(found, said),
        "earlier_url": f"{here}?before={begins}" if begins > 1 and said else "",
        "begins": begins,
        "read_url": reverse("studio_thread_read", args=[shop.slug, found.pk]),
        "unread": found.read_seq < found.room.last_seq,
        "live": ticket(request, topic_of(found.room)),
        "again_url": f"{here}?first={first or begins}",
        "seen": bool(ours) and read_by_buyer(found) >= ours[-1],
    }


def _page(
    request: HttpRequest, shop: Shop, found: Thread, problem: Problem | None = None
) -> HttpResponse:
    who = actor(request)
    before = number(request.GET, "before")
    room = found.room
    said = earlier(who, room, before=before) if before else latest(who, room)
    buyer = room.account
    assert buyer is not None
    staff = ShopStaff.objects.filter(shop=shop).select_related("account").order_by("id")
    replies = quick_replies(who, shop.pk)
    chosen = number(request.GET, "reply")
    ready = next((one.body for one in replies if one.pk == chosen), "")
    beside = list(orders_beside(found))
    lines = lines_of(beside)
    context = _talk(request, shop, found, said) | {
        "thread": found,
        "buyer": face_of(buyer),
        "state": _states()[found.state],
        "seen_seq": said[-1].message.seq if said and not before else 0,
        "staff": [one.account for one in staff],
        "me": who.id,
        "orders": [
            (one, order_state(one.state, lines[one.pk]), Money(one.total_amount, one.currency))
            for one in beside
        ],
        "replies": replies,
        "body": request.POST.get("body", "") or ready,
        "chosen_card": request.POST.get("card", ""),
        "key": new_code(80),
        "goods": goods_to_show(shop.pk),
        "staged": staged_for(who, request.POST.getlist("picture")),
        "say_url": reverse("studio_thread", args=[shop.slug, found.pk]),
    }
    return page(request, shop, "inbox", "studio/thread.html", context, problem)


def _answer(request: HttpRequest, shop: Shop, found: Thread) -> HttpResponse:
    live = bool(request.headers.get("hx-request"))
    try:
        made = chat.answer_buyer(
            actor=actor(request), shop_id=shop.pk, thread_id=found.pk, words=words_of(request)
        )
    except NotFound:
        raise
    except Problem as problem:
        if live:
            raise
        return _page(request, shop, found, problem)
    if live:
        again = get_thread_for(actor(request), shop.pk, found.pk)
        return _since(request, shop, again, number(request.POST, "first"))
    return redirect(f"{reverse('studio_thread', args=[shop.slug, found.pk])}#m{made.seq}")


@require_POST
@private
@signed_in
def thread_act(request: HttpRequest, shop_slug: str, thread_id: int) -> HttpResponse:
    """Take a thread, give it to somebody, or say that it is done."""
    shop, who = shop_of(request, shop_slug), actor(request)
    do = request.POST.get("do", "")
    try:
        if do == "take":
            chat.take_thread(actor=who, shop_id=shop.pk, thread_id=thread_id)
        elif do == "give":
            chat.assign(
                actor=who,
                shop_id=shop.pk,
                thread_id=thread_id,
                to=number(request.POST, "to"),
                had=number(request.POST, "had"),
            )
        elif do == "done":
            seen = number(request.POST, "seen")
            chat.finish(actor=who, shop_id=shop.pk, thread_id=thread_id, seen=seen)
        else:
            raise NotFound()
    except Problem as problem:
        found = get_thread_for(who, shop.pk, thread_id)
        return _page(request, shop, found, refusal_of(problem))
    return redirect("studio_thread", shop.slug, thread_id)


@require_POST
@private
@signed_in
def take_back(
    request: HttpRequest, shop_slug: str, thread_id: int, message_id: int
) -> HttpResponse:
    """Take back what oneself said in the shop's name."""
    shop = shop_of(request, shop_slug)
    found = get_thread_for(actor(request), shop.pk, thread_id)
    chat.take_back(actor=actor(request), room_id=found.room_id, message_id=message_id)
    return redirect("studio_thread", shop.slug, thread_id)


@require_POST
@private
@signed_in
def thread_read(request: HttpRequest, shop_slug: str, thread_id: int) -> HttpResponse:
    """Note how far somebody of the shop has read."""
    shop = shop_of(request, shop_slug)
    seq = number(request.POST, "seq") or 0
    chat.read_thread(actor=actor(request), shop_id=shop.pk, thread_id=thread_id, seq=seq)
    if request.headers.get("hx-request"):
        return HttpResponse(status=204)
    return redirect("studio_thread", shop.slug, thread_id)


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def replies(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Keep, change and forget the words that the shop says often."""
    shop, who = shop_of(request, shop_slug), actor(request)
    problem: Problem | None = None
    if request.method == "POST":
        try:
            remove = number(request.POST, "remove")
            if remove is not None:
                chat.remove_quick_reply(actor=who, shop_id=shop.pk, reply_id=remove)
            else:
                chat.save_quick_reply(
                    actor=who,
                    shop_id=shop.pk,
                    title=request.POST.get("title", ""),
                    body=request.POST.get("body", ""),
                )
            messages.success(request, _("Saved."))
            return redirect("studio_replies", shop.slug)
        except Problem as refused:
            problem = refusal_of(refused)
    context = {"replies": quick_replies(who, shop.pk), "values": request.POST}
    return page(request, shop, "inbox", "studio/replies.html", context, problem)
