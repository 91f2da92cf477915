"""Reads of campaigns for pages and programs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import Count, F, Q, QuerySet, Sum

from banyan.catalog.access import visible_variants
from banyan.catalog.models import Product, ProductImage, Variant
from banyan.entitlements.costs import most_off
from banyan.entitlements.models import Coupon, PriceRight
from banyan.entitlements.models import Grant as CouponGrant
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.clock import within
from banyan.kernel.money import Money
from banyan.kernel.remembered import remembered
from banyan.orders.models import Order
from banyan.people.access import agreeing, agrees, visible_accounts
from banyan.people.models import Account
from banyan.sharing.channels import HUMAN_VERDICTS
from banyan.sharing.models import Link, Touch

from .access import seen_by, visible_to_all
from .causes import brings, cause_of_order
from .honour import HONOURING
from .mechanic import Shown, mechanic, terms_of
from .models import Campaign, Contribution, Grant, Instance, OutsidePicture, Participation

Row = TypeVar("Row", Participation, Contribution)
MOST_SHOWN = 60
MOST_HONOURED, MOST_NAMED = 200, 12
HONOURS = "honours"
"""What members agree to who show their marks."""
ENOUGH = 20
"""Plays from which on a rate says anything."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a campaign is about: goods with the price they come to, or what a coupon takes off."""

    product: Product | None = None
    image_id: int | None = None
    price: Money | None = None
    otherwise: Money | None = None
    off: Money | None = None


@dataclass(frozen=True, slots=True)
class Funnel:
    """How a campaign goes, in people and money: minor units.

    ``opened`` are touches of its links and its plays' by what may be a person, ``seen`` those that
    are one. ``running`` plays have promises that are open, of ``open_money``. Of what was given
    ``redeemed`` were used, at ``each`` on the average at most. ``k`` is how many took part or
    helped through a link for each play that was begun, once there are ENOUGH plays.
    """

    opened: int
    seen: int
    begun: int
    joined: int
    helped: int
    finished: int
    running: int
    granted: int
    open_money: int
    redeemed: int
    each: int | None
    k: Decimal | None


@dataclass(frozen=True, slots=True)
class Forgone:
    """What is sold below the ordinary price of today: so many ``units``, ``amount`` in all."""

    units: int
    usual: Money
    amount: Money


def forgone_by(campaign: Campaign, terms: Any) -> Forgone | None:
    """Return what one play gives up against the ordinary price at most, beside any budget.

    None where it sells nothing for less, as for honour. One statement.
    """
    kind = mechanic(campaign.mechanic)
    if terms.honour:
        return None
    sold, told = kind.reduced(terms), kind.advertised(terms)
    if not sold or told is None:
        return None
    amounts = Variant.objects.filter(pk=told[0]).values_list("price_amount", flat=True)
    usual = amounts.first() or 0
    less = sum(units * max(0, usual - price) for units, price in sold)
    units = sum(units for units, _price in sold)
    return Forgone(units, Money(usual, campaign.currency), Money(less, campaign.currency))


@dataclass(frozen=True, slots=True)
class Brought:
    """What an order brings its buyer: a campaign, and the play where it is begun already."""

    campaign: Campaign
    play: Instance | None = None


def brought_by(orders: Collection[Order], *, buyer_id: int) -> dict[int, Brought]:
    """Return what orders of one buyer have begun or can begin now, by id. Three statements at most.

    One for an order: the play that it began, else the first to end of the campaigns it brings.
    """
    paid = {cause_of_order(one.pk): one for one in orders if one.paid_at is not None}
    if not paid:
        return {}
    begun = Instance.objects.filter(cause__in=paid, owner_id=buyer_id)
    found = {
        paid[str(play.cause)].pk: Brought(play.campaign, play)
        for play in begun.select_related("campaign__shop")
    }
    offered = bringing({one.shop_id for one in paid.values()})
    if not offered:
        return found
    before = Instance.objects.filter(campaign__in=offered, owner_id=buyer_id)
    used = dict(before.values_list("campaign").annotate(n=Count("id")))
    free = [
        one for one in offered if used.get(one.pk, 0) < mechanic(one.mechanic).turns(_terms(one))
    ]
    now = clock.now()
    for order in paid.values():
        first = next((one for one in free if brings(one, _terms(one), order, now)), None)
        if order.pk not in found and first is not None:
            found[order.pk] = Brought(first)
    return found


def bringing(shop_ids: Collection[int]) -> list[Campaign]:
    """Return what runs in some shops and is begun by an order, the first to end first."""
    rows = _running_in(sorted(shop_ids), clock.now())
    return [one for one in rows if _terms(one).from_order]


@remembered
def _running_in(shop_ids: list[int], now: dt.datetime) -> QuerySet[Campaign]:
    return _running(now).filter(shop_id__in=shop_ids).order_by("ends_at", "id")


def shown(actor: Actor, instance: Instance) -> Shown[Any]:
    """Return what a view needs of an instance from :func:`access.get_instance_for`.

    Three statements for any number of people, three more where honour counts; at most MOST_SHOWN of
    each, and what the reader did among them: two more where there are so many.
    """
    people = Participation.objects.filter(instance=instance).exclude(state="out")
    helps = Contribution.objects.filter(instance=instance, undone_at=None)
    grants = Grant.objects.filter(instance=instance, account_id=actor.id or 0, undone_at=None)
    return Shown(
        campaign=instance.campaign,
        terms=terms_of(instance),
        instance=instance,
        account_id=actor.id,
        at=clock.now(),
        people=_first(
            people.select_related("account").order_by("place", "id"), account_id=actor.id or 0
        ),
        helps=_first(helps.select_related("helper").order_by("-nth"), helper_id=actor.id or 0),
        grants=list(grants.order_by("id")),
        helpers=_helpers(instance),
        helped=_helped(actor, instance.campaign),
    )


def _first(rows: QuerySet[Row], **own: int) -> list[Row]:
    """Return the first rows, and the reader's own whatever place it has."""
    first = list(rows[:MOST_SHOWN])
    if len(first) < MOST_SHOWN:
        return first
    return first + list(rows.filter(**own).exclude(pk__in=[one.pk for one in first]))


def _helpers(instance: Instance) -> int:
    """Count who did something for the owner of an instance; 0 where honour does not count."""
    if instance.campaign.drive not in HONOURING:
        return 0
    helps = Contribution.objects.filter(instance=instance, undone_at=None, weight__gt=0).count()
    there = Participation.objects.filter(instance=instance).exclude(state__in=["reserved", "out"])
    return helps + there.exclude(account_id=instance.owner_id).count()


def _helped(actor: Actor, campaign: Campaign) -> int:
    """Count the plays of others that somebody took part in; 0 where honour does not count."""
    if actor.id is None or campaign.drive not in HONOURING:
        return 0
    others = Instance.objects.filter(campaign=campaign).exclude(owner_id=actor.id)
    helped = Contribution.objects.filter(helper_id=actor.id, undone_at=None)
    joined = Participation.objects.filter(account_id=actor.id)
    joined = joined.exclude(state__in=["reserved", "out"])
    took_part = Q(pk__in=helped.values("instance_id")) | Q(pk__in=joined.values("instance_id"))
    return others.filter(took_part).count()


def perks_of(order_id: int) -> list[Grant]:
    """Return what others earn, or would have earned, by an order that a play was bought with."""
    places = Participation.objects.filter(order_id=order_id)
    rows = Grant.objects.filter(kind="perk", reference__in=places.values("pk"))
    return list(rows.select_related("account", "instance__campaign").order_by("id"))


def owed_of(order_id: int) -> int:
    """Return what they have, or are to have, of its shop's money; minor units."""
    if not Participation.objects.filter(order_id=order_id).exists():  # as of most orders
        return 0
    return sum(perk.cost for perk in perks_of(order_id))


def had_of(order_id: int) -> int:
    """Return what they have of it by now; minor units."""
    return sum(perk.amount for perk in perks_of(order_id))


def still_owed_of(shop_ids: Iterable[int]) -> dict[tuple[int, str], int]:
    """Return what others are yet to have of shops' money, by shop and currency. Three queries."""
    shops = list(shop_ids)
    theirs = Campaign.objects.filter(Q(shop_id__in=shops) | Q(shop=None))
    unpaid = Grant.objects.filter(campaign__in=theirs, kind="perk", amount=0, cost__gt=0)
    costs = {place or 0: cost for place, cost in unpaid.values_list("reference", "cost")}
    places = Participation.objects.filter(pk__in=list(costs), order_id__isnull=False)
    order_of = {place: order or 0 for place, order in places.values_list("pk", "order_id")}
    found = Order.objects.filter(pk__in=list(order_of.values()), shop_id__in=shops)
    whose = {one.pk: (one.shop_id, one.currency) for one in found.only("shop_id", "currency")}
    sums: dict[tuple[int, str], int] = {}
    for place, order_id in order_of.items():
        if order_id in whose:
            sums[whose[order_id]] = sums.get(whose[order_id], 0) + costs[place]
    return sums


def own_instances(actor: Actor, campaign: Campaign) -> list[Instance]:
    """Return what the actor has begun in a campaign, newest first."""
    if actor.id is None:
        return []
    return list(Instance.objects.filter(campaign=campaign, owner_id=actor.id).order_by("-id"))


def plays_of(
    actor: Actor, *, mechanic: str = "", before: int | None = None, limit: int = 20
) -> Sequence[Instance]:
    """Return what the actor has begun or takes part in, of one mechanic or all, newest first.

    Not what is in chat rooms that they have left.
    """
    if actor.id is None:
        return []
    mine = Participation.objects.filter(account_id=actor.id).exclude(state="out")
    rows = Instance.objects.filter(Q(owner_id=actor.id) | Q(pk__in=mine.values("instance_id")))
    if mechanic:
        rows = rows.filter(campaign__mechanic=mechanic)
    rows = seen_by(actor, rows).select_related("campaign__shop", "owner").order_by("-id")
    return list((rows if before is None else rows.filter(pk__lt=before))[:limit])


def marks_held(actor: Actor) -> list[tuple[str, int]]:
    """Return the marks of honour that the actor has: (rule, how many). One statement."""
    held = Grant.objects.filter(account_id=actor.id or 0, kind="honour", undone_at=None)
    rows = held.values("rule").annotate(n=Count("id"))
    return [(row["rule"], row["n"]) for row in rows.order_by("-n", "rule")]


def marks_shown(account_id: int) -> list[tuple[str, int]]:
    """Return the marks that a member shows on their page: none unless they agreed to it."""
    if not agrees(account_id, HONOURS):
        return []
    return marks_held(Actor(kind="member", id=account_id))


@dataclass(frozen=True, slots=True)
class Honoured:
    """Who has a mark in a campaign: how many people, and by name those who agreed to be shown.

    ``shown`` are (account, rule of the mark), the newest first, each person with one mark.
    """

    people: int
    shown: Sequence[tuple[Account, str]]


def honoured_in(viewer: Actor, campaign: Campaign) -> Honoured:
    """Return who is honoured in a campaign. Four statements; one where honour does not count.

    Nobody whom a block keeps apart from the viewer is named, nor any account that is closed.
    """
    if campaign.drive not in HONOURING:
        return Honoured(0, ())
    marks = Grant.objects.filter(campaign=campaign, kind="honour", undone_at=None)
    newest = marks.order_by("account_id", "-id").distinct("account_id")
    many = marks.values("account_id").distinct().count()
    last = list(Grant.objects.filter(pk__in=newest.values("pk")).order_by("-id")[:MOST_HONOURED])
    agreed = agreeing([one.account_id for one in last], HONOURS)
    accounts = visible_accounts(viewer).in_bulk(agreed)
    named = [(accounts[one.account_id], one.rule) for one in last if one.account_id in accounts]
    return Honoured(many, named[:MOST_NAMED])


def amounts_of(actor: Actor, instance_ids: Sequence[int]) -> dict[int, int]:
    """Return what the actor got in instances, in minor units, by instance. One statement."""
    mine = Participation.objects.filter(account_id=actor.id or 0, instance_id__in=instance_ids)
    return dict(mine.exclude(state="out").values_list("instance_id", "amount"))


def flagged_places(account_ids: Collection[int]) -> list[Participation]:
    """Return up to 50 places of a person's accounts to look at, newest first.

    Those that are held, and several in one play. One statement.
    """
    rows = Participation.objects.filter(account_id__in=account_ids).exclude(state="out")
    several = rows.values("instance_id").annotate(n=Count("id")).filter(n__gt=1)
    flagged = Q(data__has_key="flag") | Q(instance_id__in=several.values("instance_id"))
    rows = rows.filter(flagged).select_related("account", "instance__campaign")
    return list(rows.order_by("-id")[:50])


def is_on(campaign: Campaign) -> bool:
    """Tell whether something can be begun now."""
    now = clock.now()
    return campaign.state == "published" and within(now, campaign.starts_at, campaign.ends_at)


def running_campaigns(shop_id: int) -> list[Campaign]:
    """Return the campaigns of an open shop that can be begun now, the first to end first."""
    return list(_running(clock.now()).filter(shop_id=shop_id).order_by("ends_at", "id"))


def campaigns_of_goods(shop_id: int, variant_ids: Collection[int]) -> list[Campaign]:
    """Return the running campaigns of a shop that are about one of the variants. One statement."""
    rows = running_campaigns(shop_id)
    return [one for one in rows if one.version and one.version.terms.get("variant") in variant_ids]


def all_running(*, before: int | None = None, limit: int = 20) -> list[Campaign]:
    """Return what can be begun now at any open shop, newest first. One statement."""
    rows = _running(clock.now()).filter(shop__isnull=False)
    rows = rows if before is None else rows.filter(pk__lt=before)
    return list(rows.order_by("-id")[:limit])


def _running(now: dt.datetime) -> QuerySet[Campaign]:
    return visible_to_all().filter(state="published", starts_at__lte=now, ends_at__gt=now)


def offers_of(campaigns: Iterable[Campaign]) -> dict[int, Offer]:
    """Return what campaigns (with ``version`` loaded) are about, by id. Three statements at most.

    Of what is no longer on sale nothing is shown, whatever campaign is about it.
    Goods with an age limit have no picture here: it is seen on pages that ask nobody's age.
    """
    typed = {one.pk: (one, _terms(one)) for one in campaigns if one.version}
    variants = _goods(
        {terms.variant for _one, terms in typed.values() if hasattr(terms, "variant")}
    )
    first = _pictures(variants.values())
    worth = _worth({coupon for _one, terms in typed.values() for coupon in _given(terms)})
    found: dict[int, Offer] = {}
    for pk, (one, terms) in typed.items():
        variant = variants.get(getattr(terms, "variant", 0))
        price = mechanic(one.mechanic).price(terms)
        if variant is not None and terms.honour:
            found[pk] = Offer(variant.product, first.get(variant.product_id))
        elif variant is not None and price is not None:
            found[pk] = Offer(
                variant.product,
                first.get(variant.product_id),
                Money(price, one.currency),
                Money(variant.price_amount, one.currency),
            )
        elif most := max((worth.get(coupon, 0) for coupon in _given(terms)), default=0):
            found[pk] = Offer(off=Money(most, one.currency))
    return found


def _terms(one: Campaign) -> Any:
    assert one.version is not None
    return mechanic(one.mechanic).terms.model_validate(one.version.terms)


def _given(terms: Any) -> set[int]:
    """Return the coupons that somebody gets by design, not for want of another one or a place."""
    wanting = {"instead", "late"}
    named = {getattr(terms, name) for name in terms.coupon_fields if name not in wanting}
    return named - {None}


def _goods(variant_ids: Collection[int]) -> dict[int, Variant]:
    if not variant_ids:
        return {}
    return visible_variants().select_related("product__shop").in_bulk(variant_ids)


def _pictures(variants: Iterable[Variant]) -> dict[int, int]:
    shown = {one.product_id for one in variants if not one.product.min_age}
    found: dict[int, int] = {}
    if shown:
        rows = ProductImage.objects.filter(product_id__in=shown)
        for product_id, image_id in rows.values_list("product_id", "image_id"):
            found.setdefault(product_id, image_id)
    return found


def _worth(coupon_ids: Collection[int]) -> dict[int, int]:
    if not coupon_ids:
        return {}
    return {pk: most_off(one.terms) or 0 for pk, one in Coupon.objects.in_bulk(coupon_ids).items()}


def funnel_of(campaign: Campaign) -> Funnel:
    """Return how a campaign goes. Seven statements."""
    plays = Instance.objects.filter(campaign=campaign).aggregate(
        begun=Count("id"),
        finished=Count("id", filter=Q(ended_at__isnull=False)),
        given=Sum("spent"),
        open_money=Sum(F("promise") - F("spent"), filter=Q(ended_at=None)),
    )
    joined = Participation.objects.filter(campaign=campaign).exclude(state="out")
    helped = Contribution.objects.filter(campaign=campaign, undone_at=None)
    through = Q(through__isnull=False)
    joiners = joined.aggregate(n=Count("account", distinct=True), led=Count("id", filter=through))
    helpers = helped.aggregate(n=Count("helper", distinct=True), led=Count("id", filter=through))
    touches = _touches(campaign)
    used = _redeemed_coupons(campaign)
    rights = PriceRight.objects.filter(campaign_id=campaign.pk, state="redeemed").count()
    led = Decimal(joiners["led"] + helpers["led"])
    return Funnel(
        opened=touches["opened"],
        seen=touches["seen"],
        begun=plays["begun"],
        joined=joiners["n"],
        helped=helpers["n"],
        finished=plays["finished"],
        running=plays["begun"] - plays["finished"],
        granted=plays["given"] or 0,
        open_money=plays["open_money"] or 0,
        redeemed=used["n"] + rights,
        each=(used["cost"] or 0) // used["n"] if used["n"] else None,
        k=round(led / plays["begun"], 2) if plays["begun"] >= ENOUGH else None,
    )


def pictures_waiting() -> int:
    """Return how many pictures from elsewhere wait for a first or a second person. One query."""
    return OutsidePicture.objects.filter(state__in=("waiting", "vouched")).count()


def _touches(campaign: Campaign) -> dict[str, int]:
    """Count touches of links to a campaign and to its plays."""
    plays = Instance.objects.filter(campaign=campaign).values("pk")
    links = Link.objects.filter(
        Q(target_kind="campaign", target_id=campaign.pk)
        | Q(target_kind="play", target_id__in=plays)
    )
    return Touch.objects.filter(link__in=links).aggregate(
        opened=Count("id", filter=Q(verdict__in=HUMAN_VERDICTS)),
        seen=Count("id", filter=Q(verdict="human")),
    )


def _redeemed_coupons(campaign: Campaign) -> dict[str, int]:
    """Count the campaign's coupons that were used, and what they cost at most together."""
    used = CouponGrant.objects.filter(state="redeemed").values("pk")
    given = Grant.objects.filter(campaign=campaign, kind="coupon", reference__in=used)
    return given.aggregate(n=Count("id"), cost=Sum("cost"))
