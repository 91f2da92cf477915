"""Ready-made campaigns, made by the public actions."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from banyan.campaigns import actions as campaigns
from banyan.campaigns.models import Campaign, Instance
from banyan.campaigns.proof import campaign_audit
from banyan.catalog.models import Shop
from banyan.entitlements import actions as coupons
from banyan.entitlements.models import Coupon
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.people.models import Account
from tests.support import factories as make

SYSTEM = Actor.system("test")
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
_count = itertools.count(1)


def somebody(**columns: Any) -> Account:
    """Return a member with an e-mail address of their own."""
    number = next(_count)
    return make.member(f"player{number}", email=f"player{number}@example.com", **columns)


def crowd(people: int) -> list[Account]:
    """Return so many members."""
    return [somebody() for _n in range(people)]


def coupon(shop: Shop, **values: Any) -> Coupon:
    """Return a coupon that is only given: 5.00 off by default."""
    usual: dict[str, Any] = {"title": "5 off", "reach": "held", "amount_off": 500, "cap": 1_000}
    values = usual | values
    return coupons.create_coupon(actor=make.actor(shop.owner), shop_id=shop.pk, **values)


def draft(shop: Shop, mechanic: str, **values: Any) -> Campaign:
    """Return a draft that begins now and lasts a day; what is no input of a campaign is a term."""
    now = clock.now()
    names = {"starts_at": now, "ends_at": now + DAY, "budget": 1_000_000, "title": "Together"}
    given = {key: values.pop(key, usual) for key, usual in names.items()}
    people = ("tier", "help_tier", "min_age", "audience", "audience_of")
    for key in ("drive", "landing", "market", "about", *people):
        if key in values:
            given[key] = values.pop(key)
    data = campaigns.CampaignInput(mechanic=mechanic, terms=values, **given)
    return campaigns.plan_campaign(actor=make.actor(shop.owner), shop_id=shop.pk, data=data)


def campaign(shop: Shop, mechanic: str, **values: Any) -> Campaign:
    """Return a published campaign."""
    made = draft(shop, mechanic, **values)
    return campaigns.publish_campaign(actor=make.actor(shop.owner), campaign_id=made.pk)


def begun(of: Campaign, who: Account) -> Instance:
    """Return an instance that somebody has begun."""
    return campaigns.begin(actor=make.actor(who), code=of.code)


def join(instance: Instance, who: Account, **more: Any) -> Any:
    """Let somebody take a place."""
    return campaigns.play(actor=make.actor(who), code=instance.code, verb="join", **more)


def help_(instance: Instance, who: Account, **more: Any) -> Any:
    """Let somebody help."""
    return campaigns.play(actor=make.actor(who), code=instance.code, verb="help", **more)


def later(instance: Instance) -> Instance:
    """Let the deadline come, and end and settle what is due then."""
    with clock.at(instance.deadline):
        campaigns.advance(actor=SYSTEM)
        campaigns.settle_orders(actor=SYSTEM)
    instance.refresh_from_db()
    return instance


def assert_sound() -> None:
    """Recount everything that campaigns count."""
    assert campaign_audit() == {}
