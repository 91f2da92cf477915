"""A campaign's page and its rules, the page of one play, and what people do there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from banyan.campaigns import actions as campaigns
from banyan.campaigns import mechanic as mechanics
from banyan.campaigns.access import get_campaign_for, get_instance_for
from banyan.campaigns.actions.switching import is_on as is_switched_on
from banyan.campaigns.audience import asked_of
from banyan.campaigns.blocks import Block, Countdown, Faces, Honour, Next, Note, Price, Proof, Won
from banyan.campaigns.checks import hindrance
from banyan.campaigns.disclosing import rules_of
from banyan.campaigns.honour import HONOUR, blocks_of, name_of
from banyan.campaigns.mechanic import Arrival as Came
from banyan.campaigns.mechanic import Shown, mechanic
from banyan.campaigns.models import (
    Campaign,
    Contribution,
    Instance,
    Participation,
    ProofFile,
)
from banyan.campaigns.policy.channels import neutral
from banyan.campaigns.problems import REASONS, Refused
from banyan.campaigns.proofs import proof_file
from banyan.campaigns.queries import (
    HONOURS,
    all_running,
    honoured_in,
    is_on,
    marks_held,
    own_instances,
    plays_of,
    shown,
)
from banyan.catalog.access import visible_variants
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.digits import whole
from banyan.kernel.money import Money, format_money
from banyan.kernel.problems import NotFound
from banyan.people.access import agrees, hidden_from
from banyan.sharing.channels import channel_of
from banyan.sharing.queries import link_by_code
from banyan.web.streams import ticket
from banyan.web.ui import addresses
from banyan.web.ui.shapes import Face

from ...http import actor, private, signed_in
from ..community.feed_tabs import tabs
from ..heads import head_of
from ..market.arrival import Arrival, arrival_of
from ..people.faces import faces_of
from .cards import campaign_cards
from .outside import shown_outside

PAGE, NAMED = 20, 6
LATER = (Faces, Proof)
"""Blocks that stand below what there is to do."""
NAMING = frozenset({"join", "help"})
"""Verbs at which people say whether others may see that it was they."""
UNSAID = frozenset({"age_unknown", "declared_only"})
"""Refusals that one's own profile answers."""
PLAIN = (Countdown, Honour, Note, Price, Proof, Won)
"""Blocks that ask nobody for anything: what stands on the neutral page besides buying."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A block as the template draws it; of a block with people those who are shown, and all."""

    block: Block
    faces: list[Face]
    total: int = 0
    rows: Sequence[tuple[Face | None, str]] = ()

    @property
    def names(self) -> str:
        """The first of those who agreed to be seen, by name."""
        return ", ".join(face.name for face in self.faces[:NAMED])


@require_safe
@private
def campaign(request: HttpRequest, code: str) -> HttpResponse:
    """Show what a campaign is, what it gives, and how to begin; one's own plays of it."""
    who, found = actor(request), get_campaign_for(actor(request), code)
    arrival = _arrival(request, found)
    return render(
        request,
        "shop/campaigns/campaign.html",
        _page(request, found, arrival)
        | _beginning(request, found)
        | {
            "mine": own_instances(who, found),
            "phase": _phase(found),
            "asked": asked_of(found),
            "honoured": _honoured(request, found),
            "entry_url": mechanic(found.mechanic).entry_url(found),
            "member": who.id is not None,
            "sign_in_url": _sign_in(request, arrival),
        },
    )


def _honoured(request: HttpRequest, found: Campaign) -> dict[str, Any] | None:
    """Return who has a mark here: those who show theirs with it, and how many more there are."""
    honoured = honoured_in(actor(request), found)
    faces = faces_of(account for account, _rule in honoured.shown)
    rows = [(faces[account.pk], name_of(rule)) for account, rule in honoured.shown]
    return {"rows": rows, "more": honoured.people - len(rows)} if honoured.people else None


def _beginning(request: HttpRequest, found: Campaign) -> dict[str, Any]:
    """Return how a play of it is begun: by whom likes to, once a day, or with an order alone."""
    assert found.version is not None
    kind = mechanic(found.mechanic)
    terms = kind.terms.model_validate(found.version.terms)
    if reason := hindrance(kind, terms):
        return {"begin_label": "", "needs": REASONS[reason]}
    if terms.is_daily:
        return {"begin_label": _("Take today's")}
    if terms.from_order is None:
        return {"begin_label": _("Begin")}
    order = whole(request.GET.get("order", ""))
    least = format_money(Money(terms.from_order.least, found.currency))
    return {
        "begin_label": _("Begin") if order else "",
        "order": order,
        "needs": _("It comes with a paid order of at least %(amount)s.") % {"amount": least}
        if terms.from_order.least
        else _("It comes with a paid order."),
    }


@require_safe
@private
def campaign_rules(request: HttpRequest, code: str) -> HttpResponse:
    """Show the rules of a campaign as they were published, in the reader's language."""
    found = get_campaign_for(actor(request), code)
    arrival = _arrival(request, found)
    context = _page(request, found, arrival) | {
        "sections": rules_of(mechanic(found.mechanic), found)
    }
    return render(request, "shop/campaigns/rules.html", context)


def _arrival(request: HttpRequest, found: Campaign) -> Arrival:
    """Return how the reader came; neutral where this campaign may not be played with all it has."""
    headers = request.headers
    channel = channel_of(headers.get("user-agent", ""), headers.get("referer", ""))
    is_neutral = neutral(mechanic(found.mechanic).channels, channel)
    return replace(arrival_of(request), neutral=is_neutral)


def _phase(found: Campaign) -> str:
    """Return draft, paused, before, on or over, by the clock."""
    if found.state == "published" and not is_switched_on(found.mechanic):
        return "paused"
    if found.state in {"draft", "paused"}:
        return found.state
    if found.state == "published" and clock.now() < found.starts_at:
        return "before"
    return "on" if is_on(found) else "over"


def _page(request: HttpRequest, found: Campaign, arrival: Arrival) -> dict[str, Any]:
    kind, card = mechanic(found.mechanic), campaign_cards([found])[found.pk]
    query = f"?via={arrival.code}" if arrival.code else ""
    told = kind.in_honour if found.drive == HONOUR else kind.pitch
    pitch = "" if arrival.neutral else str(told)
    return {
        "nav": "explore",
        "card": card,
        # An app that forbids sharing for a reward reads no invitation to do so.
        "steps": () if arrival.neutral else kind.how(found),
        "campaign": found,
        "shop": found.shop,
        "mechanic": kind,
        "goods": _goods(found) if arrival.neutral else None,
        "about": found.about or pitch,
        "arrival": arrival,
        "carried": {"via": arrival.code, "t": arrival.touch},
        "share_url": addresses.url("share", "campaign", found.pk) + query,
        "head": head_of(
            request,
            kind="website",
            title=card.title,
            description=found.about or pitch or card.title,
            path=addresses.url("campaign", found.code),
            picture=card.picture,
            code=arrival.code,
        ),
    }


def _goods(found: Campaign) -> dict[str, Any] | None:
    """Return what a neutral page sells: goods at the price that everybody has."""
    kind = mechanic(found.mechanic)
    assert found.version is not None
    told = kind.advertised(kind.terms.model_validate(found.version.terms))
    if told is None or found.shop is None:
        return None
    variant = visible_variants().select_related("product").filter(pk=told[0]).first()
    if variant is None:
        return None
    return {
        "title": variant.product.title,
        "price": Money(variant.price_amount, found.currency),
        "url": f"/checkout?variant={variant.pk}&n=1",
    }


@require_safe
def campaign_proof(request: HttpRequest, code: str) -> HttpResponse:
    """Return the proof file of a campaign's draw, once it is drawn."""
    found = get_campaign_for(actor(request), code)
    file = ProofFile.objects.filter(campaign=found).exclude(text="").first()
    if file is None:
        raise NotFound()
    return HttpResponse(file.text, content_type="application/json")


@require_POST
@private
@signed_in
def begin(request: HttpRequest, code: str) -> HttpResponse:
    """Begin a play of a campaign, or come back to one's own."""
    try:
        made = campaigns.begin(
            actor=actor(request), code=code, arrival=_came(request), given=request.POST.dict()
        )
    except Refused as refused:
        messages.error(request, str(refused.message))
        return redirect("me_edit") if refused.reason in UNSAID else redirect("campaign", code)
    return redirect("play", made.code)


@require_safe
@private
def play(request: HttpRequest, code: str) -> HttpResponse:
    """Show a play as it stands; htmx asks for the moving part alone."""
    found = get_instance_for(actor(request), code)
    return _play(request, found)


def _play(request: HttpRequest, found: Instance) -> HttpResponse:
    who, arrival = actor(request), _arrival(request, found.campaign)
    rows = shown(who, found)
    # What the reader has won stands on top, wherever the mechanic says it.
    blocks = sorted(blocks_of(rows), key=lambda one: not isinstance(one, Won))
    if arrival.neutral:
        # This app forbids sharing for a reward: price, buying and one's own stay, asking goes.
        blocks = [one for one in blocks if isinstance(one, PLAIN) or _is_own(one)]
    todo = [one for one in blocks if isinstance(one, Next)]
    query = f"?via={arrival.code}" if arrival.code else ""
    context = _page(request, found.campaign, arrival) | {
        "play": found,
        "first": _drawn(who, rows, [one for one in blocks if not isinstance(one, (Next, *LATER))]),
        "then": _drawn(who, rows, [one for one in blocks if isinstance(one, LATER)]),
        "todo": todo,
        # Who comes too late is not among those whom others see.
        "naming": next((one.verb for one in todo if one.verb in NAMING and not found.ended_at), ""),
        "member": who.id is not None,
        "sign_in_url": _sign_in(request, arrival),
        "share_url": addresses.url("share", "play", found.pk) + query,
        "live": ticket(request, _topic(found)),
        "outside": None if arrival.neutral else shown_outside(request, found),
        "again_url": addresses.url("play", found.code) + query,
    }
    if request.headers.get("hx-request"):
        answer = render(request, "shop/campaigns/play_state.html", context)
        answer["Vary"] = "HX-Request"
        return answer
    return render(request, "shop/campaigns/play.html", context)


def _topic(found: Instance) -> str:
    """Return what a play's page listens to: all plays, where they draw on one stock."""
    if mechanic(found.campaign.mechanic).shared:
        return f"campaign:{found.campaign_id}"
    return f"play:{found.pk}"


def _is_own(block: Block) -> bool:
    """Tell whether a block is something to do for oneself: to join, buy, take or leave."""
    return isinstance(block, Next) and block.verb not in {"share", "help"}


@require_safe
def play_proof(request: HttpRequest, code: str) -> HttpResponse:
    """Return the proof file of a play that is over."""
    text = proof_file(get_instance_for(actor(request), code))
    return HttpResponse(text, content_type="application/json")


@require_POST
@private
@signed_in
def play_act(request: HttpRequest, code: str, verb: str) -> HttpResponse:
    """Do something to a play: join, help, take back, redeem. A second press changes nothing."""
    try:
        done = campaigns.play(
            actor=actor(request),
            code=code,
            verb=verb,
            arrival=_came(request),
            given=request.POST.dict(),
        )
    except Refused as refused:
        messages.error(request, str(refused.message))
        return redirect("me_edit") if refused.reason in UNSAID else redirect("play", code)
    if done.next_url:
        return redirect(done.next_url)
    return redirect("play", done.instance.code)


@require_safe
@private
def together(request: HttpRequest) -> HttpResponse:
    """List what people can begin together now, at any open shop, newest first."""
    rows = all_running(before=whole(request.GET.get("before", "")), limit=PAGE + 1)
    cards = campaign_cards(rows[:PAGE])
    context = {
        "nav": "explore",
        "tabs": tabs("together"),
        "cards": list(cards.values()),
        "more_url": f"?before={rows[PAGE - 1].pk}" if len(rows) > PAGE else "",
    }
    return render(request, "shop/campaigns/together.html", context)


@require_safe
@private
@signed_in
def plays_mine(request: HttpRequest) -> HttpResponse:
    """List what one has begun or takes part in, newest first."""
    before = whole(request.GET.get("before", ""))
    rows = plays_of(actor(request), before=before, limit=PAGE + 1)
    more = f"?before={rows[PAGE - 1].pk}" if len(rows) > PAGE else ""
    context = {
        "nav": "me",
        "rows": [
            {
                "play": one,
                "title": mechanics.title_of(one.campaign),
                "mechanic": mechanics.mechanic(one.campaign.mechanic),
            }
            for one in rows[:PAGE]
        ],
        "marks": [(name_of(rule), n) for rule, n in marks_held(actor(request))],
        "shows": agrees(actor(request).id or 0, HONOURS),
        "more_url": more,
    }
    return render(request, "shop/campaigns/mine.html", context)


def _came(request: HttpRequest) -> Came:
    link = link_by_code(request.POST.get("via", "")[:24]) if request.POST.get("via") else None
    return Came(
        link_id=link.pk if link else None,
        touch_id=whole(request.POST.get("t", "")) if link else None,
        channel=channel_of(request.headers.get("user-agent", "")),
    )


def _sign_in(request: HttpRequest, arrival: Arrival) -> str:
    query = {"via": arrival.code, "t": arrival.touch} if arrival.code else {}
    back = request.path + (f"?{urlencode(query)}" if query else "")
    return "/login?" + urlencode({"next": back})


def _drawn(who: Actor, rows: Shown[Any], blocks: list[Block]) -> list[Drawn]:
    """Return the blocks with faces: those who let others see them, and how many more there are.

    Nobody who is apart from the reader has one.
    """
    named: dict[int, Participation | Contribution] = {}
    for place in rows.people:
        if place.is_named or place.account_id == rows.account_id:
            named[place.account_id] = place
    for one in rows.helps:
        if one.is_named or one.helper_id == rows.account_id:
            named[one.helper_id] = one
    accounts = {
        key: row.account if isinstance(row, Participation) else row.helper
        for key, row in named.items()
    }
    hidden = hidden_from(who, accounts)
    faces = faces_of(one for key, one in accounts.items() if key not in hidden)
    drawn = []
    for block in blocks:
        people = block.people if isinstance(block, Faces) else ()
        seen = [faces[one] for one in people if one in faces]
        drawn.append(Drawn(block, seen, len(people), _rows(block, faces)))
    return drawn


def _rows(block: Block, faces: Mapping[int, Face]) -> Sequence[tuple[Face | None, str]]:
    """Return who did what in money, without a face for those who are not shown."""
    amounts = block.amounts if isinstance(block, Faces) else ()
    people = block.people if isinstance(block, Faces) else ()
    return [(faces.get(one), amount) for one, amount in zip(people, amounts, strict=False)]
