"""Campaigns: what members take part in, and what shops set up."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Path, Router, Status
from pydantic import Field, StringConstraints, WithJsonSchema

from banyan.campaigns import actions as campaigns
from banyan.campaigns.access import (
    get_campaign_for,
    get_campaign_for_staff,
    get_instance_for,
    visible_campaigns,
)
from banyan.campaigns.blocks import Block
from banyan.campaigns.disclosing import rules_of
from banyan.campaigns.honour import blocks_of
from banyan.campaigns.mechanic import Arrival, mechanic
from banyan.campaigns.models import Campaign, Instance
from banyan.campaigns.queries import forgone_by, shown
from banyan.campaigns.terms import ROWS
from banyan.catalog.access import MANAGERS, get_shop_for_staff
from banyan.kernel import money
from banyan.sharing.queries import link_by_code

from .gate import ANYONE, READ, WRITE, actor, keyed
from .mechanics import any_terms
from .paging import CURSOR, SIZE, Before, Limit, Page, page_of
from .schemas import Answer, Body, Code, Id, IdOut, Moment, MomentIn, Money, MoneyFromZero, minor

router = Router(tags=["campaigns"])
Handle = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,24}$")]
Verb = Literal["join", "help", "withdraw", "redeem"]
# A value that a mechanic asks for: flat, short, and read by its terms.
Given = Annotated[dict[str, str], Field(max_length=20)]
Terms = Annotated[
    dict[str, int | bool | str | list[str] | None],
    Field(max_length=60),
    WithJsonSchema(any_terms()),
]

Tier = Literal["member", "proven", "buyer", "payer"]
Audience = Literal["all", "newcomers", "followers", "group", "hometown", "dialect", "school"]


class SectionAnswer(Answer):
    """A part of the public rules."""

    title: str
    paragraphs: list[str]


class CampaignAnswer(Answer):
    """A campaign; ``state`` is draft, published, paused, ended or settled.

    ``rules`` are those that people read. Its play can be begun within [starts_at, ends_at).
    """

    id: IdOut
    code: str
    shop_id: IdOut | None
    mechanic: str
    title: str
    about: str
    state: str
    market: str
    starts_at: Moment
    ends_at: Moment
    rules: list[SectionAnswer]


class ShopCampaignAnswer(Answer):
    """A campaign as its shop sees it; of ``budget`` so much is promised and was given.

    One play costs ``worst_case`` of the budget at most, and ``forgone`` of income: what it sells
    below the ordinary price of today.
    ``checked`` is what the rules said when it was published: facts, findings with their sources.
    """

    id: IdOut
    code: str
    mechanic: str
    title: str
    state: str
    drive: str
    landing: str
    tier: str
    help_tier: str
    min_age: int | None
    audience: str
    audience_of: str
    starts_at: Moment
    ends_at: Moment
    terms: dict[str, Any]
    worst_case: Money
    forgone: Money
    budget: Money
    reserved: Money
    spent: Money
    checked: dict[str, Any]


class PlayAnswer(Answer):
    """A play as the caller sees it: ``blocks`` in order, each with its ``kind``.

    ``next`` are the acts that are offered: ``join``, ``help``, ``withdraw`` or ``redeem``.
    """

    code: str
    campaign: str
    state: str
    deadline: Moment
    ended_at: Moment | None
    is_own: bool
    blocks: list[dict[str, Any]]
    next: list[str]


class ActAnswer(Answer):
    """What came of it; ``next_url`` is where it goes on, a checkout say, on this site."""

    play: PlayAnswer
    repeated: bool
    next_url: str


class BeginBody(Body):
    """How a play begins: what the mechanic asks for, and the share link that led here."""

    given: Given = {}
    via: Code | None = None


class ActBody(Body):
    """What somebody does: whether others may see who it was, and the link that led here.

    ``given`` is what the act asks for or lets choose, by name.
    """

    named: bool = False
    given: Given = {}
    via: Code | None = None


class CampaignBody(Body):
    """A new draft. ``terms`` are the mechanic's own; ids in them are text, money minor units.

    Without a ``landing`` it ends as its mechanic usually does. Without ``budget`` it is enough for
    ``plays`` at their worst. ``tier`` is what people need: an account, a proven contact, a paid
    order, or one paid through a provider; ``help_tier`` what who helps needs, if that is another.
    ``audience_of`` says which group (its id), hometown, dialect or school it is for, as members
    declare it themselves.
    """

    mechanic: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,20}$")]
    title: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    about: Annotated[str, StringConstraints(max_length=300)] = ""
    starts_at: MomentIn
    ends_at: MomentIn
    drive: Literal["honour", "benefit", "both"] = "benefit"
    market: Literal["CN", "EU", "US", "none"] = "none"
    tier: Tier = "member"
    help_tier: Tier | Literal[""] = ""
    min_age: Annotated[int, Field(strict=True, ge=14, le=21)] | None = None
    audience: Audience = "all"
    audience_of: Annotated[str, StringConstraints(max_length=40)] = ""
    budget: MoneyFromZero | None = None
    plays: Annotated[int, Field(strict=True, ge=0, le=1_000_000)] = 0
    landing: Literal["direct", "coupon", "right"] | None = None
    terms: Terms = {}


def _campaign(one: Campaign) -> CampaignAnswer:
    rules = rules_of(mechanic(one.mechanic), one)
    return CampaignAnswer(
        id=one.pk,
        code=one.code,
        shop_id=one.shop_id,
        mechanic=one.mechanic,
        title=one.title,
        about=one.about,
        state=one.state,
        market=one.market,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        rules=[SectionAnswer(title=part.title, paragraphs=part.paragraphs) for part in rules],
    )


def _shops_own(one: Campaign) -> ShopCampaignAnswer:
    kind = mechanic(one.mechanic)
    assert one.version is not None
    terms = kind.terms.model_validate(one.version.terms)
    ids = {asked.name for asked in kind.terms.asked() if asked.ask.kind in ROWS}
    told = {
        name: _as_text(value) if name in ids else value for name, value in one.version.terms.items()
    }
    return ShopCampaignAnswer(
        id=one.pk,
        code=one.code,
        mechanic=one.mechanic,
        title=one.title,
        state=one.state,
        drive=one.drive,
        landing=one.landing,
        tier=one.tier,
        help_tier=one.help_tier,
        min_age=one.min_age,
        audience=one.audience,
        audience_of=one.audience_of,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        terms=told,
        forgone=_forgone(one, terms),
        worst_case=Money.at(kind.cost(terms), one.currency),
        budget=Money.at(one.budget, one.currency),
        reserved=Money.at(one.reserved, one.currency),
        spent=Money.at(one.spent, one.currency),
        checked=one.version.checked,
    )


def _as_text(ids: Any) -> Any:
    return [str(one) for one in ids] if isinstance(ids, list) else ids and str(ids)


def _forgone(one: Campaign, terms: Any) -> Money:
    found = forgone_by(one, terms)
    return Money.at(found.amount.amount if found else 0, one.currency)


def _play(request: HttpRequest, found: Instance) -> PlayAnswer:
    rows = shown(actor(request), found)
    blocks = [_block(one) for one in blocks_of(rows)]
    verbs = [one["verb"] for one in blocks if one["kind"] == "next" and not one["url"]]
    return PlayAnswer(
        code=found.code,
        campaign=found.campaign.code,
        state=found.state,
        deadline=found.deadline,
        ended_at=found.ended_at,
        is_own=rows.own,
        blocks=blocks,
        next=[verb for verb in verbs if verb != "share"],
    )


def _block(block: Block) -> dict[str, Any]:
    """Return a block as JSON. Of people it says how many: names are for the pages."""
    values = {one.name: _plain(getattr(block, one.name)) for one in dataclasses.fields(block)}
    if "people" in values:
        values["people"] = len(values["people"])
    return {"kind": block.template} | values


def _plain(value: Any) -> Any:
    if isinstance(value, money.Money):
        return {"amount": value.amount, "currency": value.currency}
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    return value if isinstance(value, bool | int | None) else str(value)


def _came(via: str | None) -> Arrival:
    link = link_by_code(via) if via else None
    return Arrival(link_id=link.pk if link else None, channel="web")


@router.get("/campaigns/{code}", auth=ANYONE, response=CampaignAnswer)
def get_campaign(request: HttpRequest, code: Path[Handle]) -> Any:
    """Read a campaign and its public rules. Drafts are for those who manage the shop."""
    return _campaign(get_campaign_for(actor(request), code))


@router.post("/campaigns/{code}/plays", auth=WRITE, response={201: PlayAnswer})
@keyed
def begin_play(request: HttpRequest, code: Path[Handle], body: BeginBody) -> Any:
    """Begin a play; whoever has begun as many as one may gets their last one."""
    made = campaigns.begin(
        actor=actor(request), code=code, arrival=_came(body.via), given=body.given
    )
    return Status(201, _play(request, get_instance_for(actor(request), made.code)))


@router.get("/plays/{code}", auth=ANYONE, response=PlayAnswer)
def get_play(request: HttpRequest, code: Path[Handle]) -> Any:
    """Read a play as it stands for the caller."""
    return _play(request, get_instance_for(actor(request), code))


@router.post("/plays/{code}/{verb}", auth=WRITE, response=ActAnswer)
@keyed
def act_in_play(request: HttpRequest, code: Path[Handle], verb: Path[Verb], body: ActBody) -> Any:
    """Join, help, take back or redeem. What the member has done already stands and is answered."""
    given = body.given | ({"named": "1"} if body.named else {})
    done = campaigns.play(
        actor=actor(request), code=code, verb=verb, arrival=_came(body.via), given=given
    )
    now = get_instance_for(actor(request), code)
    return ActAnswer(play=_play(request, now), repeated=done.repeated, next_url=done.next_url)


@router.get("/shops/{shop_id}/campaigns", auth=READ, response=Page[ShopCampaignAnswer])
def list_campaigns(
    request: HttpRequest, shop_id: Path[Id], before: Before = CURSOR, limit: Limit = SIZE
) -> Any:
    """List the shop's campaigns, newest first. For its managers."""
    rows = visible_campaigns(actor(request), shop_id)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return page_of(list(rows[: limit + 1]), limit, lambda one: one.pk, _shops_own)


@router.post("/shops/{shop_id}/campaigns", auth=WRITE, response={201: ShopCampaignAnswer})
@keyed
def plan_campaign(request: HttpRequest, shop_id: Path[Id], body: CampaignBody) -> Any:
    """Write a draft, which only the shop sees. For its managers."""
    who = actor(request)
    currency = get_shop_for_staff(who, shop_id, MANAGERS).currency
    data = campaigns.CampaignInput(
        budget=minor(body.budget, currency, "budget") if body.budget else 0,
        landing=body.landing or "",
        **body.model_dump(exclude={"budget", "landing"}),
    )
    made = campaigns.plan_campaign(actor=who, shop_id=shop_id, data=data)
    return Status(201, _shops_own(made))


@router.post("/shop-campaigns/{campaign_id}/publish", auth=WRITE, response=ShopCampaignAnswer)
def publish_campaign(request: HttpRequest, campaign_id: Path[Id]) -> Any:
    """Publish a draft, as far as the rules of its market allow it. Repeatable."""
    campaigns.publish_campaign(actor=actor(request), campaign_id=campaign_id)
    return _shops_own(get_campaign_for_staff(actor(request), campaign_id))


@router.post("/shop-campaigns/{campaign_id}/pause", auth=WRITE, response=ShopCampaignAnswer)
def pause_campaign(request: HttpRequest, campaign_id: Path[Id]) -> Any:
    """Stop taking part for now; what was promised stays. Repeatable."""
    campaigns.pause_campaign(actor=actor(request), campaign_id=campaign_id)
    return _shops_own(get_campaign_for_staff(actor(request), campaign_id))


@router.post("/shop-campaigns/{campaign_id}/resume", auth=WRITE, response=ShopCampaignAnswer)
def resume_campaign(request: HttpRequest, campaign_id: Path[Id]) -> Any:
    """Let a paused campaign go on. Repeatable."""
    campaigns.resume_campaign(actor=actor(request), campaign_id=campaign_id)
    return _shops_own(get_campaign_for_staff(actor(request), campaign_id))


@router.post("/shop-campaigns/{campaign_id}/end", auth=WRITE, response=ShopCampaignAnswer)
def end_campaign(request: HttpRequest, campaign_id: Path[Id]) -> Any:
    """End it now: nothing new begins, what runs goes on to its deadline. Repeatable."""
    campaigns.end_campaign(actor=actor(request), campaign_id=campaign_id)
    return _shops_own(get_campaign_for_staff(actor(request), campaign_id))
