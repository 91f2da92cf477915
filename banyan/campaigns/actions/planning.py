"""Campaigns planned, published, paused, ended and copied by those who manage a shop."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import MANAGERS, get_shop_for_staff
from banyan.catalog.models import Shop
from banyan.catalog.ports import check_campaigning
from banyan.entitlements.actions import create_coupon
from banyan.groups.access import visible_groups
from banyan.kernel import audit, clock, fairness, locks
from banyan.kernel.actors import Actor
from banyan.kernel.digits import whole
from banyan.kernel.events import Event
from banyan.kernel.ids import new_code
from banyan.kernel.locks import LockKey
from banyan.kernel.money import Money, format_money
from banyan.kernel.problems import Conflict, IllegalTransition, Invalid
from banyan.kernel.proofs import fingerprint
from banyan.kernel.states import transition, transition_telling

from ..access import get_campaign_for_staff
from ..audience import faults_of_audience
from ..checks import coupons_in, faults_of
from ..disclosing import report_of
from ..events import CampaignEnded, CampaignPaused, CampaignPublished, CampaignResumed
from ..honour import HONOUR
from ..mechanic import DRAW, mechanic, mechanics
from ..models import MARKETS, Campaign, CampaignVersion
from ..rewards import faults_of_reward
from ..states import CAMPAIGN
from ..terms import read

LONGEST = dt.timedelta(days=366)
LARGEST = 10**11
MOST_GIVEN = 1_000_000


@dataclass(frozen=True, slots=True)
class CampaignInput:
    """What a campaign is to be; ``terms`` are the mechanic's parameters, ``budget`` minor units.

    Without a ``landing`` it ends as its mechanic usually does. ``audience_of`` a group is its id.
    Without a budget it is enough for ``plays`` at their worst. With ``coupon_off`` (minor units) a
    coupon of so much off is made for it, where the terms name none.
    """

    mechanic: str
    title: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    about: str = ""
    drive: str = "benefit"
    landing: str = ""
    market: str = "none"
    tier: str = "member"
    help_tier: str = ""
    min_age: int | None = None
    audience: str = "all"
    audience_of: str = ""
    budget: int = 0
    plays: int = 0
    coupon_off: int = 0
    terms: Mapping[str, Any] = field(default_factory=dict)
    template: str = ""


def plan_campaign(*, actor: Actor, shop_id: int, data: CampaignInput) -> Campaign:
    """Write a draft, which only the shop sees. Raises Invalid by field (terms' own names)."""
    shop = get_shop_for_staff(actor, shop_id, MANAGERS)
    with transaction.atomic():
        data = _furnished(actor, shop, data)
        values, budget = _checked(actor, data, shop.pk)
        campaign = Campaign.objects.create(
            code=new_code(80),
            shop=shop,
            creator_id=actor.id,
            mechanic=data.mechanic,
            currency=shop.currency,
            template=data.template[:24],
            created_at=clock.now(),
            budget=budget,
            **_columns(data),
        )
        campaign.version = _version(actor, campaign, values)
        campaign.save(update_fields=["version"])
        _audit(actor, campaign, "campaign.plan")
    return campaign


def change_campaign(*, actor: Actor, campaign_id: int, data: CampaignInput) -> Campaign:
    """Change a draft; what is published stands still: Conflict ``campaign_published``."""
    campaign = get_campaign_for_staff(actor, campaign_id)
    assert campaign.shop is not None
    with transaction.atomic():
        locks.take([LockKey("campaign", campaign.pk)])
        campaign.refresh_from_db()
        if campaign.state != "draft" or campaign.mechanic != data.mechanic:
            raise Conflict(_("What is published stays as it is."), code="campaign_published")
        data = _furnished(actor, campaign.shop, data)
        values, campaign.budget = _checked(actor, data, campaign.shop.pk)
        for name, value in _columns(data).items():
            setattr(campaign, name, value)
        assert campaign.version is not None
        CampaignVersion.objects.filter(pk=campaign.version_id).update(terms=values)
        campaign.save()
        _audit(actor, campaign, "campaign.change")
    return campaign


def discard_campaign(*, actor: Actor, campaign_id: int) -> None:
    """Throw a draft away; anything else raises Conflict ``campaign_published``."""
    campaign = get_campaign_for_staff(actor, campaign_id)
    with transaction.atomic():
        locks.take([LockKey("campaign", campaign.pk)])
        campaign.refresh_from_db()
        if campaign.state != "draft":
            raise Conflict(_("What is published stays as it is."), code="campaign_published")
        Campaign.objects.filter(pk=campaign.pk).update(version=None)
        campaign.delete()


def publish_campaign(*, actor: Actor, campaign_id: int) -> Campaign:
    """Fix the terms and open the campaign to everybody from its start on. Repeatable.

    Raises Invalid with what stands in the way: an end that has passed, a budget that does not
    cover one instance at its worst, goods or coupons that are gone, rules of the market, of its
    channels or of the house (by their code). What the rules said is kept with the version. What
    should have begun before begins now. Emits campaign.published.
    """
    campaign = get_campaign_for_staff(actor, campaign_id)
    with transaction.atomic():
        locks.take([LockKey("campaign", campaign.pk)])
        campaign = get_campaign_for_staff(actor, campaign_id)
        if campaign.state in {"published", "paused"}:
            return campaign
        assert campaign.version is not None
        kind = mechanic(campaign.mechanic)
        terms = kind.terms.model_validate(campaign.version.terms)
        # Whoever changes one of its coupons meanwhile waits, and finds it promised.
        locks.take([LockKey("entitlement", one) for one in coupons_in(terms).values()])
        faults = {
            **faults_of(campaign.shop_id or 0, terms, campaign.ends_at),
            **faults_of_reward(kind, terms, landing=campaign.landing, drive=campaign.drive),
            **kind.faults(terms),
        }
        if campaign.ends_at <= clock.now():
            faults["ends_at"] = _("The end has passed.")
        if kind.cost(terms) > campaign.budget:
            faults["budget"] = _("The budget must cover at least one of them at its worst.")
        if faults:
            raise Invalid(fields=faults)
        report = report_of(kind, campaign, campaign.version)
        if report.blocks:
            raise Invalid(
                fields={one.code: f"{one.text} ({one.source.cited})" for one in report.blocks}
            )
        CampaignVersion.objects.filter(pk=campaign.version_id).update(
            published_at=report.at, published_by_id=actor.id, checked=report.record()
        )
        campaign.starts_at = max(campaign.starts_at, report.at)
        if campaign.shop_id is not None:
            check_campaigning(campaign.shop_id)
        campaign.public = dict(kind.published(actor, campaign, terms))
        if kind.pooled:
            draw = kind.draw_of(campaign, terms)
            seed = fairness.commit(purpose=DRAW, subject_id=campaign.pk)
            published = {"seed": seed, "terms": fingerprint(draw.terms)}
            campaign.public["published"] = published
        campaign.save(update_fields=["public", "starts_at"])
        _tell(actor, campaign, "published", CampaignPublished)
        _audit(actor, campaign, "campaign.publish")
    return campaign


def pause_campaign(*, actor: Actor, campaign_id: int) -> Campaign:
    """Stop taking part for now; promises stay. Repeatable. Emits campaign.paused."""
    return _turn(actor, campaign_id, "paused", CampaignPaused)


def resume_campaign(*, actor: Actor, campaign_id: int) -> Campaign:
    """Let a paused campaign go on. Repeatable. IllegalTransition for a draft.

    Emits campaign.resumed.
    """
    return _turn(actor, campaign_id, "published", CampaignResumed)


def end_campaign(*, actor: Actor, campaign_id: int) -> Campaign:
    """End a campaign now: nothing new begins, what runs goes on to its deadline. Repeatable.

    Emits campaign.ended.
    """
    return _turn(actor, campaign_id, "ended", CampaignEnded)


def clone_campaign(*, actor: Actor, campaign_id: int) -> Campaign:
    """Make a draft with the same terms, which begins now and lasts as long."""
    before = get_campaign_for_staff(actor, campaign_id)
    assert before.version is not None
    now = clock.now()
    data = CampaignInput(
        mechanic=before.mechanic,
        title=before.title,
        about=before.about,
        starts_at=now,
        ends_at=now + (before.ends_at - before.starts_at),
        drive=before.drive,
        landing=before.landing,
        market=before.market,
        tier=before.tier,
        help_tier=before.help_tier,
        min_age=before.min_age,
        audience=before.audience,
        audience_of=before.audience_of,
        budget=before.budget,
        terms=before.version.terms,
        template=before.template,
    )
    with transaction.atomic():
        made = plan_campaign(actor=actor, shop_id=before.shop_id or 0, data=data)
        Campaign.objects.filter(pk=made.pk).update(origin=before)
    made.origin = before
    return made


def _turn(actor: Actor, campaign_id: int, to: str, told: type[Event]) -> Campaign:
    campaign = get_campaign_for_staff(actor, campaign_id)
    with transaction.atomic():
        locks.take([LockKey("campaign", campaign.pk)])
        campaign = get_campaign_for_staff(actor, campaign_id)
        if campaign.state == "draft":
            raise IllegalTransition(detail=f"campaign {campaign.pk} is not published")
        if campaign.state != to:
            _tell(actor, campaign, to, told)
            mechanic(campaign.mechanic).turned(actor, campaign, to)
            _audit(actor, campaign, f"campaign.{to}")
    return campaign


def _tell(actor: Actor, campaign: Campaign, to: str, told: type[Event]) -> None:
    event = told.model_validate({"campaign_id": campaign.pk, "shop_id": campaign.shop_id})
    ended: dict[str, Any] = {"ended_at": clock.now()} if to == "ended" else {}
    transition_telling(CAMPAIGN, campaign, to, event=event, actor=actor, **ended)


def standing_campaign(*, mechanic_code: str, currency: str) -> Campaign:
    """Return the platform's own campaign of a mechanic in a currency, made on the first call.

    For what members begin by themselves and pay themselves, such as red packets. It has no end.
    """
    known = Campaign.objects.filter(
        shop=None, mechanic=mechanic_code, currency=currency, state="published"
    )
    found = known.select_related("version").order_by("id").first()
    if found is not None:
        return found
    try:
        return _standing(mechanic_code, currency)
    except IntegrityError:
        # Two at once: the other one made it.
        return known.select_related("version").order_by("id")[0]


def _standing(mechanic_code: str, currency: str) -> Campaign:
    kind, now = mechanic(mechanic_code), clock.now()
    with transaction.atomic():
        made = Campaign.objects.create(
            code=f"{mechanic_code}-{currency}".lower().replace("_", "-"),
            mechanic=mechanic_code,
            title=str(kind.title),
            currency=currency,
            state="published",
            drive=kind.drives[0],
            starts_at=now,
            ends_at=now + dt.timedelta(days=36_500),
            created_at=now,
        )
        made.version = CampaignVersion.objects.create(
            campaign=made, number=1, terms=kind.terms().model_dump(mode="json"), published_at=now
        )
        made.save(update_fields=["version"])
    return made


def settle(*, actor: Actor, campaign: Campaign) -> None:
    """Close the books of a campaign that is over and whose instances have all ended. Repeatable."""
    with transaction.atomic():
        locks.take([LockKey("campaign", campaign.pk)])
        campaign.refresh_from_db(fields=["state"])
        if campaign.state == "ended":
            transition(CAMPAIGN, campaign, "settled", actor=actor)


def _furnished(actor: Actor, shop: Shop, data: CampaignInput) -> CampaignInput:
    """Make the coupon that was asked for, into the first field for one that is empty."""
    names = mechanic(data.mechanic).terms.coupon_fields
    if not data.coupon_off or not names or data.terms.get(names[0]):
        return data
    off = format_money(Money(data.coupon_off, shop.currency))
    only = data.terms.get("categories")
    made = create_coupon(
        actor=actor,
        shop_id=shop.pk,
        title=_("%(amount)s off") % {"amount": off},
        reach="held",
        amount_off=data.coupon_off,
        conditions=[{"code": "categories", "args": {"ids": only}}] if only else (),
        # The campaign's budget is the bound of what it gives.
        cap=MOST_GIVEN,
        per_person=MOST_GIVEN,
    )
    return replace(data, terms={**data.terms, names[0]: made.pk})


def _checked(actor: Actor, data: CampaignInput, shop_id: int) -> tuple[dict[str, Any], int]:
    """Return the terms as they are stored, and the budget; raises Invalid with all faults."""
    fields: dict[str, Any] = {}
    if not 1 <= len(data.title.strip()) <= 80:
        fields["title"] = _("Give the campaign a name of 1 to 80 letters.")
    if len(data.about) > 300:
        fields["about"] = _("This is too long.")
    if not data.starts_at < data.ends_at <= data.starts_at + LONGEST:
        fields["ends_at"] = _("The end must be after the start, at most a year.")
    if not 0 <= data.budget <= LARGEST or not 0 <= data.plays <= MOST_GIVEN:
        fields["budget"] = _("Enter an amount that is not negative.")
    if data.market not in MARKETS:
        fields["market"] = _("This cannot be chosen here.")
    fields |= _faults_of_people(actor, data)
    values: dict[str, Any] = {}
    budget = data.budget
    try:
        kind = mechanic(data.mechanic)
        terms = read(kind.terms, {**data.terms, "honour": data.drive == HONOUR})
        landing = _landing(data)
        fields |= faults_of_reward(kind, terms, landing=landing, drive=data.drive)
        fields |= faults_of(shop_id, terms, data.ends_at) or kind.faults(terms)
        if not fields and not budget and data.plays:
            budget = min(LARGEST, kind.cost(terms) * (1 if kind.pooled else data.plays))
        values = terms.model_dump(mode="json")
    except Invalid as problem:
        fields |= problem.fields
    if fields:
        raise Invalid(fields=fields)
    return values, budget


def _faults_of_people(actor: Actor, data: CampaignInput) -> dict[str, Any]:
    """Return what is wrong with whom it is for; a group is one that who plans may know of."""
    fields = faults_of_audience(
        tier=data.tier,
        help_tier=data.help_tier,
        min_age=data.min_age,
        audience=data.audience,
        audience_of=data.audience_of,
    )
    if not fields and data.audience == "group":
        group_id = whole(data.audience_of) or 0
        if not visible_groups(actor).filter(pk=group_id).exists():
            fields["audience_of"] = _("There is no such group.")
    known = data.mechanic in mechanics()
    if data.help_tier and known and not mechanic(data.mechanic).helps:
        fields["help_tier"] = _("This cannot be chosen here.")
    return fields


def _landing(data: CampaignInput) -> str:
    return data.landing or mechanic(data.mechanic).landings[0]


def _columns(data: CampaignInput) -> dict[str, Any]:
    return {
        "title": data.title.strip(),
        "about": data.about.strip(),
        "starts_at": data.starts_at,
        "ends_at": data.ends_at,
        "drive": data.drive,
        "landing": _landing(data),
        "market": data.market,
        "tier": data.tier,
        "help_tier": data.help_tier,
        "min_age": data.min_age,
        "audience": data.audience,
        "audience_of": data.audience_of.strip(),
    }


def _version(actor: Actor, campaign: Campaign, values: Mapping[str, Any]) -> CampaignVersion:
    last = campaign.versions.aggregate(last=Max("number"))["last"] or 0
    return CampaignVersion.objects.create(
        campaign=campaign,
        number=last + 1,
        terms=dict(values),
        published_by_id=actor.id,
        published_at=clock.now(),
    )


def _audit(actor: Actor, campaign: Campaign, action: str) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject_kind="campaign",
        subject_id=campaign.pk,
        subject_label=campaign.title,
    )
