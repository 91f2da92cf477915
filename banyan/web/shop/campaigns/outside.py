"""A picture of likes elsewhere: shown on the page of one's own play."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from banyan.campaigns import actions as campaigns
from banyan.campaigns.actions.outside import MOST
from banyan.campaigns.mechanic import terms_of
from banyan.campaigns.models import Instance
from banyan.campaigns.outside import last_shown
from banyan.campaigns.problems import Refused
from banyan.campaigns.rewards import names_of
from banyan.kernel.problems import Invalid
from banyan.media.problems import StagedGone

from ...http import actor, private, signed_in
from ...media.uploads import staged_tokens


def shown_outside(request: HttpRequest, play: Instance) -> dict[str, Any] | None:
    """Return what its owner reads of pictures of likes elsewhere; None where none are asked for."""
    terms = terms_of(play)
    if play.owner_id is None or play.owner_id != actor(request).id or terms.outside is None:
        return None
    last = last_shown(play)
    state = last.state if last else ""
    if play.ended_at is not None and not state:
        return None
    told = {
        "waiting": _("Your picture is being looked at by two people of the shop."),
        "vouched": _("One person has accepted your picture; a second one looks at it."),
        "accepted": _("Your picture was accepted. Thank you!"),
        "refused": _("Your picture was not accepted."),
    }
    return {
        "reward": names_of(terms, play.campaign.currency).get(terms.outside, ""),
        "state": told.get(state, ""),
        "tone": {"accepted": "good", "refused": "bad"}.get(state, ""),
        "why": last.why if last else "",
        "asks": play.ended_at is None and state in {"", "refused"} and play.pictures.count() < MOST,
    }


@require_POST
@private
@signed_in
def play_outside(request: HttpRequest, code: str) -> HttpResponse:
    """Show a picture of likes elsewhere for one's own play."""
    try:
        tokens = staged_tokens(request, "picture")
        campaigns.show_outside(actor=actor(request), code=code, picture=tokens[0] if tokens else "")
    except (Refused, Invalid, StagedGone) as problem:
        said = [str(text) for text in problem.fields.values()] or [str(problem.message)]
        messages.error(request, " ".join(said))
    else:
        messages.success(request, _("Your picture is on its way to the shop."))
    return redirect("play", code)
