"""The facts of a campaign, from its terms: what the policy asks and the rules page says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _

from banyan.entitlements.costs import most_off
from banyan.entitlements.models import Coupon
from banyan.kernel import clock
from banyan.orders.models import LegalEntity
from banyan.sales.queries import baselines

from .audience import who_can
from .models import DECLARED, Campaign, CampaignVersion
from .policy import Facts, Pride, Prize, Report, Section, lint, packs_for, rules_page
from .policy.limits import limit
from .rewards import RIGHT, RewardTerms, costs_of, names_of

if TYPE_CHECKING:
    from .mechanic import Mechanic

Gift = tuple[Sequence[int | None], int]
"""Coupons of which each one gives one, and how many of them one play gives at most."""


def usual_facts(kind: Mechanic[Any], campaign: Campaign, terms: Any) -> Facts:
    """Return the facts that follow from what a mechanic says of itself. At most four statements."""
    prizes = _prizes(kind, campaign, terms)
    organiser, contact = _organiser(campaign)
    variant_id, price = (None if terms.honour else kind.advertised(terms)) or (None, None)
    days = limit("eu_baseline_days" if campaign.market == "EU" else "cn_baseline_days")
    was = baselines([variant_id], days=days).get(variant_id) if variant_id else None
    return Facts(
        mechanic=kind.code,
        title=str(kind.title) if campaign.shop is None else campaign.title,
        drive=campaign.drive,  # type: ignore[arg-type]  # one of DRIVES
        market=campaign.market,  # type: ignore[arg-type]  # one of MARKETS
        currency=campaign.currency,
        starts_at=campaign.starts_at,
        ends_at=campaign.ends_at,
        organiser=organiser,
        contact=contact,
        channels=tuple(sorted(kind.channels)),
        prizes=prizes,
        chance=kind.chance,
        claim_terms=_("What is given comes to your coupons by itself.") if prizes else "",
        at_once=True,
        by_sharing=kind.by_sharing,
        pay_to_enter=kind.pay_to_enter,
        price=price,
        was=was,
        was_days=days if was is not None else 0,
        min_age=campaign.min_age,
        who=tuple(who_can(campaign)),
        prides=_prides(campaign),
        asks=_asks(campaign),
        budget=campaign.budget,
    )


def facts_of(kind: Mechanic[Any], campaign: Campaign, version: CampaignVersion) -> Facts:
    """Return the facts of a campaign; of a published one those that were fixed, in this language.

    What a price was compared with, and how many of each there are, stands as it was published.
    """
    facts = kind.facts(campaign, kind.terms.model_validate(version.terms))
    kept = version.checked.get("facts")
    if kept is None:
        return facts
    prizes = tuple(
        Prize(name, of, value, quantity, tuple(odds) if odds else None, free)
        for name, of, value, quantity, odds, free in kept["prizes"]
    )
    published = dt.datetime.fromisoformat(kept["published_at"])
    return replace(
        facts,
        prizes=prizes,
        price=kept["price"],
        was=kept["was"],
        was_days=kept["was_days"],
        organiser=kept["organiser"],
        published_at=published,
    )


def report_of(kind: Mechanic[Any], campaign: Campaign, version: CampaignVersion) -> Report:
    """Ask the rules of market and channels about a campaign as if it were published now."""
    now = clock.now()
    facts = replace(
        facts_of(kind, campaign, version),
        published_at=now,
        starts_at=max(campaign.starts_at, now),
    )
    return lint(facts, packs_for(facts), at=now)


def rules_of(kind: Mechanic[Any], campaign: Campaign) -> list[Section]:
    """Return the public rules of a campaign, in the reader's language."""
    assert campaign.version is not None
    return rules_page(facts_of(kind, campaign, campaign.version))


def _prides(campaign: Campaign) -> tuple[Pride, ...]:
    """Return the side that people stand for; only they themselves say which one is theirs."""
    scope = campaign.audience
    return (Pride(scope, declared=True),) if scope in {"group", *DECLARED} else ()


def _asks(campaign: Campaign) -> tuple[str, ...]:
    """Return which personal data taking part asks for."""
    own = {"hometown": _("hometown"), "dialect": _("dialect"), "school": _("school")}
    asked = [_("birthday")] if campaign.min_age is not None else []
    return (*asked, *(text for scope, text in own.items() if scope == campaign.audience))


def _organiser(campaign: Campaign) -> tuple[str, str]:
    """Return who runs it, by legal name where one is set, and how they are reached."""
    if campaign.shop is None:
        operator = settings.OPERATOR
        return operator["name"] or _("This site"), operator["email"] or operator["address"]
    entity = LegalEntity.objects.filter(shop=campaign.shop_id, is_current=True).first()
    if entity is None:
        return campaign.shop.name, _("a message to the shop, from its page")
    return f"{entity.name} ({campaign.shop.name})", entity.address


def _prizes(kind: Mechanic[Any], campaign: Campaign, terms: Any) -> tuple[Prize, ...]:
    """Return what the budget can give at most, as prizes: each play at its worst."""
    if terms.honour:
        return ()
    gifts = [([one for one in ids if one], n) for ids, n in kind.gives(terms)]
    named = {one for ids, _n in gifts for one in ids}
    coupons = {one.pk: one for one in Coupon.objects.filter(pk__in=named)} if named else {}
    worst = kind.worst_case(terms)
    plays = 1 if kind.pooled or not worst else campaign.budget // worst
    prizes = []
    priced = isinstance(terms, RewardTerms) and terms.variant is not None
    for ids, n in gifts:
        if priced and not ids and n:
            value, name = costs_of(terms).get(RIGHT, 0), names_of(terms, campaign.currency)[None]
            prizes.append(Prize(name, "coupon", value, quantity=n * plays))
        known = [coupons[one] for one in dict.fromkeys(ids) if one in coupons]
        if known and n:
            name = " / ".join(one.title for one in known)
            value = max(most_off(one.terms) or 0 for one in known)
            prizes.append(Prize(name, "coupon", value, quantity=n * plays))
    return tuple(prizes)
