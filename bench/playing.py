"""What ``bench.campaigns`` asks inside an installation: packets, packs and likes to be rushed at.

Made by public actions, for members who have signed in.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from typing import Any

GRABS, SHARES, LANES, TAKERS = 10_000, 100, 32, 2_000
PACKS, PLACES, LIKES = 6, 100, 400


def packet() -> dict[str, Any]:
    """Fill a packet of a hundred shares; its code, and sessions of those who want one."""
    from bench.members import signed_in

    code = _packet()
    people = signed_in(TAKERS, name=f"http{code[:6].lower()}x")
    return {"code": code, "sessions": [session for _member, session in people]}


def grabs() -> dict[str, Any]:
    """Send ten thousand grabs at a packet through the actions; seconds, and what came of it."""
    from django.db import connection

    from banyan.campaigns import actions as campaigns
    from banyan.kernel.actors import Actor
    from banyan.kernel.problems import Problem
    from bench.members import signed_in

    code = _packet()
    people = [who.pk for who, _session in signed_in(TAKERS, name=f"act{code[:6].lower()}x")]
    wanted = [people[n % TAKERS] for n in range(GRABS)]
    refused, faults = dict[str, int](), list[str]()

    def lane(part: list[int]) -> None:
        for who in part:
            try:
                campaigns.play(actor=Actor(kind="member", id=who), code=code, verb="join")
            except Problem as problem:
                refused[problem.code] = refused.get(problem.code, 0) + 1
            except Exception as error:
                faults.append(repr(error))
        connection.close()

    lanes = [threading.Thread(target=lane, args=(wanted[n::LANES],)) for n in range(LANES)]
    began = time.perf_counter()
    for one in lanes:
        one.start()
    for one in lanes:
        one.join()
    return {
        "seconds": time.perf_counter() - began,
        "refused": refused,
        "faults": faults[:3],
        **credited(code),
    }


def credited(code: str) -> dict[str, Any]:
    """Count the shares of a packet that somebody has, the people, and what the ledger says."""
    from banyan.campaigns.models import Grant
    from banyan.ledger.proof import verify

    rows = Grant.objects.filter(instance__code=code, rule="share")
    people = rows.values("account_id").distinct().count()
    return {"credited": rows.count(), "people": people, "ledger": verify().clean}


def plays() -> dict[str, Any]:
    """Begin packs of a hundred places and one collection of likes; codes, and sessions."""
    from banyan.campaigns import actions as campaigns
    from banyan.catalog import actions as catalog
    from banyan.entitlements import actions as coupons
    from banyan.kernel import clock
    from bench.members import signed_in

    now = clock.now()
    stamp = f"{now:%H%M%S}"
    owner, *hosts = _actors(signed_in(PACKS + 1, name=f"host{stamp}x"))
    shop = catalog.open_shop(actor=owner, name="Bench", slug=f"bench-plays-{stamp}", currency="CNY")
    given = coupons.create_coupon(
        actor=owner, shop_id=shop.pk, title="5 off", reach="held", amount_off=500, cap=100_000
    ).pk
    terms: dict[str, dict[str, Any]] = {
        "coupon_pack": {"coupon": given, "places": PLACES, "sender": -1},
        "like_collection": {"coupon": given, "likes": LIKES},
    }
    codes = {}
    for mechanic, values in terms.items():
        data = campaigns.CampaignInput(
            mechanic=mechanic,
            title="Bench",
            starts_at=now,
            ends_at=now + dt.timedelta(hours=9),
            budget=10**8,
            terms=values,
        )
        made = campaigns.plan_campaign(actor=owner, shop_id=shop.pk, data=data)
        codes[mechanic] = campaigns.publish_campaign(actor=owner, campaign_id=made.pk).code
    packs = [campaigns.begin(actor=host, code=codes["coupon_pack"]).code for host in hosts]
    likes = campaigns.begin(actor=hosts[0], code=codes["like_collection"]).code
    sessions = [session for _who, session in signed_in(PACKS * PLACES, name=f"play{stamp}x")]
    return {"packs": packs, "likes": likes, "sessions": sessions}


def taken(codes: str) -> dict[str, Any]:
    """Count the places of plays that are taken, by code."""
    from banyan.campaigns.models import Instance
    from banyan.campaigns.proof import campaign_audit

    rows = Instance.objects.filter(code__in=codes.split(","))
    return {"taken": sum(one.taken for one in rows), "sound": not campaign_audit()}


def _actors(people: list[tuple[Any, str]]) -> list[Any]:
    from banyan.kernel.actors import Actor

    return [Actor(kind="member", id=who.pk) for who, _session in people]


def _packet() -> str:
    from banyan.campaigns import actions as campaigns
    from banyan.kernel.actors import Actor
    from banyan.kernel.ids import new_code
    from banyan.kernel.money import Money
    from banyan.payments.actions.credit import issue_credit
    from bench.members import signed_in

    key = new_code(80)
    ((sender, _session),) = signed_in(1, name=f"sender{key[:8].lower()}x")
    issue_credit(
        actor=Actor.system("bench"),
        account_id=sender.pk,
        amount=Money(20_000, "CNY"),
        key=key,
        reason="bench",
    )
    of = campaigns.standing_campaign(mechanic_code="red_packet", currency="CNY")
    given = {"total": "20000", "count": str(SHARES)}
    who = Actor(kind="member", id=sender.pk)
    return campaigns.begin(actor=who, code=of.code, given=given).code
