"""Finding friends: one's own code, people one may know, and the address book by consent."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from banyan.kernel.problems import Conflict, Invalid
from banyan.media.qr import qr_data
from banyan.people import actions as people
from banyan.people.access import agrees, get_own_account
from banyan.people.queries import book_size, members_in_my_book, people_you_may_know
from banyan.people.rules.digests import LONGEST_BOOK

from ...http import actor, private
from .faces import face_of, faces_of
from .sessions import member, region_of


@member
@require_safe
def my_code(request: HttpRequest) -> HttpResponse:
    """Show the code that leads others to one's own page, to be scanned from this screen."""
    account = get_own_account(actor(request))
    url = request.build_absolute_uri(f"/@{account.handle}?add")
    context = {
        "nav": "me",
        "account": account,
        "face": face_of(account),
        "address": url,
        "picture": qr_data(url),
    }
    return render(request, "shop/people/code_mine.html", context)


@private
@member
@require_http_methods(["GET", "HEAD", "POST"])
def find_friends(request: HttpRequest) -> HttpResponse:
    """Show people one may know; take an address book (POST) and keep digests of it."""
    who = actor(request)
    status, error = 200, ""
    if request.method == "POST":
        try:
            _keep(request)
            return redirect("find_friends")
        except (Invalid, Conflict) as problem:
            status = problem.status
            error = str(problem.fields.get("book") or problem.message)
    suggested, met = people_you_may_know(who), members_in_my_book(who)
    faces = faces_of([*(one.account for one in suggested), *met])
    context = {
        "nav": "me",
        "suggested": [(faces[one.account.pk], one) for one in suggested],
        "met": [faces[account.pk] for account in met],
        "agrees": agrees(who.id or 0, "contacts"),
        "findable": agrees(who.id or 0, "findable_by_contact"),
        "kept": book_size(who),
        "error": error,
    }
    return render(request, "shop/people/find.html", context, status=status)


def _keep(request: HttpRequest) -> None:
    text = request.POST.get("book", "")
    file = request.FILES.get("file")
    if file is not None:
        text += "\n" + file.read(LONGEST_BOOK + 1).decode("utf-8", "replace")
    book = people.keep_book(actor=actor(request), text=text, region=region_of(request))
    n = len(book.contacts)
    told = ngettext("%(n)s contact compared.", "%(n)s contacts compared.", n) % {"n": n}
    messages.success(request, told)
    if book.unread:
        told = ngettext(
            "%(n)s entry could not be read.", "%(n)s entries could not be read.", book.unread
        )
        messages.warning(request, told % {"n": book.unread})


@require_POST
@member
def book_erase(request: HttpRequest) -> HttpResponse:
    """Erase what is kept of one's address book."""
    people.erase_book(actor=actor(request))
    messages.success(request, _("Erased."))
    return redirect("find_friends")
