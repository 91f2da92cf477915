"""How one stands to somebody, on one page: what one hears of them, mute, lists, block."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from banyan.kernel.problems import Invalid
from banyan.people import actions as people
from banyan.people import queries
from banyan.people.access import get_account_for
from banyan.people.rules.relations import DAY, FOR_EVER, LESS, LEVELS, SPANS, WEEK

from ...http import actor, number
from .faces import face_of
from .sessions import member, safe_next

SPAN_WORDS = {
    DAY: gettext_lazy("For a day"),
    WEEK: gettext_lazy("For a week"),
    FOR_EVER: gettext_lazy("For ever"),
}
LESS_OF = "less"


@member
@require_safe
def relation(request: HttpRequest, handle: str) -> HttpResponse:
    """Show what one hears of somebody, and the ways to change it."""
    who = actor(request)
    account = get_account_for(who, handle)
    if account.pk == who.id:
        return redirect("profile", handle=account.handle)
    standing = queries.standing_of(who, account.pk)
    context = {
        "account": account,
        "face": face_of(account),
        "standing": standing,
        "less": standing.mute is not None and standing.mute.degree == LESS,
        "levels": [
            {"value": level, "text": text, "checked": level == standing.level}
            for level, text in LEVELS.items()
        ],
        "spans": SPAN_WORDS.items(),
        "lists": queries.lists_with(who, account.pk),
    }
    return render(request, "shop/people/relation.html", context)


@require_POST
@member
def follow_level(request: HttpRequest, handle: str) -> HttpResponse:
    """Choose how much of somebody comes into the feed."""
    account = get_account_for(actor(request), handle)
    level = number(request.POST, "level")
    people.set_follow_level(
        actor=actor(request), account_id=account.pk, level=-1 if level is None else level
    )
    messages.success(request, _("Saved."))
    return redirect("relation", handle=account.handle)


@require_POST
@member
def mute(request: HttpRequest, handle: str) -> HttpResponse:
    """Mute somebody for a while or for ever, or see less of them."""
    who, span = actor(request), request.POST.get("span", "")
    account = get_account_for(who, handle)
    if span == LESS_OF:
        people.less_of_person(actor=who, account_id=account.pk)
        messages.success(request, _("You see less of them for 30 days."))
    elif span in SPANS:
        people.mute_person(actor=who, account_id=account.pk, lasting=SPANS[span])
        messages.success(request, _("Muted. They are not told, and you can still visit them."))
    else:
        raise Invalid(fields={"span": _("Choose one of these.")})
    return redirect(safe_next(request) or f"/people/{account.handle}/relation")


@require_POST
@member
def relation_lists(request: HttpRequest, handle: str) -> HttpResponse:
    """Put somebody on the ticked ones of one's lists, and take them off the others."""
    who = actor(request)
    account = get_account_for(who, handle)
    ticked = set(request.POST.getlist("list"))
    for row, has in queries.lists_with(who, account.pk):
        wanted = str(row.pk) in ticked
        if wanted and not has:
            people.add_to_list(actor=who, list_id=row.pk, account_id=account.pk)
        elif has and not wanted:
            people.take_off_list(actor=who, list_id=row.pk, account_id=account.pk)
    messages.success(request, _("Saved."))
    return redirect("relation", handle=account.handle)
