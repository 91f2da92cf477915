"""The first minute of a member: what they like and whom they see, in three taps, or not at all."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from banyan.community import actions as community
from banyan.community.queries import authors_to_meet, hot_topics
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Problem
from banyan.people import actions as people
from banyan.people.access import get_account_for

from ...http import actor, private, signed_in
from .faces import faces_of

MOST_TOPICS, MOST_PEOPLE = 8, 5


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def welcome(request: HttpRequest) -> HttpResponse:
    """Offer what is talked about and who shows it; follow what was chosen, all at once."""
    who = actor(request)
    if request.method == "POST":
        return _begin(request, who)
    met = authors_to_meet(who, most=MOST_PEOPLE)
    context = {
        "nav": "home",
        "topics": [heat.topic for heat in hot_topics(most=MOST_TOPICS)],
        "people": list(faces_of(met).values()),
    }
    return render(request, "shop/people/welcome.html", context)


def _begin(request: HttpRequest, who: Actor) -> HttpResponse:
    followed = 0
    for slug in request.POST.getlist("topic")[:MOST_TOPICS]:
        try:
            community.follow_topic(actor=who, slug=slug)
        except Problem:
            # Taken off the list while the page was open; the rest still counts.
            continue
        followed += 1
    for handle in request.POST.getlist("person")[:MOST_PEOPLE]:
        try:
            people.follow(actor=who, account_id=get_account_for(who, handle).pk)
        except Problem:
            continue
        followed += 1
    if followed:
        told = ngettext(
            "You follow %(n)s of them. What they show is here.",
            "You follow %(n)s of them. What they show is here.",
            followed,
        )
        messages.success(request, told % {"n": followed})
    else:
        messages.info(request, _("Nothing was chosen. You can look around first."))
    return redirect("home")
