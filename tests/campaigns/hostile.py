"""A town of campaigns for strangers to knock at: every mechanic played, and what they try."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from banyan.campaigns import actions as campaigns
from banyan.campaigns.actions.previewing import FRIENDS, YOURS, links_of
from banyan.campaigns.models import Campaign, Instance
from banyan.catalog.models import Shop
from banyan.kernel.money import Money
from banyan.payments.actions.credit import issue_credit
from banyan.people.models import Account
from tests.campaigns.scene import SYSTEM, campaign, coupon, draft, somebody
from tests.support import factories as make

ROOMS = ("banyan.web.shop.campaigns.", "banyan.web.studio.campaigns.")
"""Modules whose pages are knocked at."""

ODD: tuple[str, ...] = (
    *("\0", "a\0b", "x" * 70_000, "-1", "9" * 400, "1e309", "NaN", "²", "٣", "0.001", "1 000"),
    *("<script>alert(1)</script>", "' OR 1=1 --", "%s%(x)s{0}", "‮￿", "True", "[]"),
    *("2026-13-45T99:99", "0001-01-01T00:00", "9999-12-31T23:59", str(2**63 - 1), str(2**31)),
)
"""What nobody types by mistake."""

RAW: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xfe=%zz&title=%00%ff", "application/x-www-form-urlencoded"),
    (b"--x\r\nContent-Disposition: form-data; name", "multipart/form-data; boundary=x"),
    (b"no boundary", "multipart/form-data"),
    (b'{"title": "a"', "application/json"),
    (b"&".join([b"a=1"] * 2_000), "application/x-www-form-urlencoded"),
)
"""Bodies that are no forms."""


@dataclass(frozen=True, slots=True)
class Town:
    """A shop whose campaigns ``ana`` plays; ``ben`` is anybody, ``rival`` another merchant."""

    shop: Shop
    owner: Account
    ana: Account
    ben: Account
    rival: Account
    running: Mapping[str, Campaign]
    drafts: Mapping[str, Campaign]
    plays: Mapping[str, Instance]
    terms: Mapping[str, Mapping[str, Any]]
    phone: str
    """The signed name of a phone on which a draft is tried out."""


def town() -> Town:
    """Make it, by the public actions."""
    shop = make.shop()
    item = make.variant(shop, price=10_000, stock=50)
    gift = coupon(shop, cap=100_000).pk
    goods = {"variant": item.pk, "price": 5_000}
    terms: dict[str, dict[str, Any]] = {
        "coupon_pack": {"coupon": gift},
        "like_collection": {"coupon": gift},
        "assist_draw": {"prize": gift},
        "instant_draw": {"prize": gift},
        "bargain": {"variant": item.pk, "floor": 4_000},
        "group_buy": goods | {"people": 2},
        "referral": {"coupon": gift, "thanks": gift},
        "flash_sale": goods | {"public": 5, "room": False},
        "red_packet": {},
    }
    ana, ben, rival = somebody(), somebody(), somebody()
    make.shop(rival)
    for who in (ana, ben):
        money = Money(100_000, "CNY")
        issue_credit(actor=SYSTEM, account_id=who.pk, amount=money, key=str(who.pk), reason="gift")
    running = {code: campaign(shop, code, **values) for code, values in terms.items()}
    plays = {
        code: campaigns.begin(
            actor=make.actor(ana), code=one.code, given={"total": "900", "count": "3"}
        )
        for code, one in running.items()
        if code != "flash_sale"
    }
    drafts = {code: draft(shop, code, **values) for code, values in terms.items()}
    trial = campaigns.open_preview(
        actor=make.actor(shop.owner), campaign_id=drafts["coupon_pack"].pk
    )
    phone = links_of(trial)[YOURS]
    return Town(shop, shop.owner, ana, ben, rival, running, drafts, plays, terms, phone)


def routes(resolver: URLResolver | None = None) -> Iterator[URLPattern]:
    """Return the routes of the campaigns' pages."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from routes(entry)
        elif f"{entry.callback.__module__}.".startswith(ROOMS):
            yield entry


def arguments(at: Town, route: URLPattern) -> Iterator[dict[str, Any]]:
    """Return what can stand in a route's address: what there is, and what there is not."""
    names = set(route.pattern.converters)
    odd = ["²", "9" * 400, "%s%(x)s{0}"]
    plays = [one.code for one in at.plays.values()]
    shown = [one.code for one in (*at.running.values(), *at.drafts.values())]
    known: dict[str, Sequence[Any]] = {
        "shop_slug": [at.shop.slug],
        "campaign_id": [one.pk for one in (*at.running.values(), *at.drafts.values())],
        "verb": ["join", "help", "withdraw", "redeem", "expire", "__class__", "begin"],
        "code": [*(plays if str(route.name).startswith("play") else shown), *odd],
    }
    if route.name == "studio_campaign_new":
        known["code"] = [*at.terms, *odd]
    # Whoever has a phone's link may press on it; nobody can make one.
    looks = [] if route.name == "try_act" else [at.phone]
    known["token"] = [*looks, at.phone[:-1], at.phone.replace(YOURS, FRIENDS), "1.yours", *odd]
    if "campaign_id" in names:
        known["campaign_id"] = [*known["campaign_id"], 0, 2**63 - 1, 2**63, 10**40]
    for values in itertools.product(*(known[name] for name in names)):
        yield dict(zip(names, values, strict=True))
