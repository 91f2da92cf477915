"""Whatever happens in whatever order, the clusters are what the edges that hold make anew."""

from __future__ import annotations

import datetime as dt
from random import Random

import pytest

from banyan.kernel import clock
from banyan.trust import actions, rules
from banyan.trust.actions import Seen
from banyan.trust.models import Edge, Joined
from banyan.trust.rules import BROWSER, CONTACT, PAYMENT, Key, Sight, address_keys
from tests.support import factories as make

pytestmark = pytest.mark.django_db
STEPS = 60


def anew(now: dt.datetime) -> dict[int, int]:
    """Return the clusters of several accounts, made out of nothing but the edges."""
    sights = [
        Sight(one.account_id, one.kind, one.digest, one.times, one.first_seen)
        for one in Edge.objects.filter(cut_at=None, expires_at__gt=now)
    ]
    found = rules.clusters({one.account_id for one in sights}, rules.joining(sights))
    several = [cluster for cluster in found.values() if list(found.values()).count(cluster) > 1]
    return {account: cluster for account, cluster in found.items() if cluster in several}


@pytest.mark.parametrize("seed", range(4))
def test_clusters_are_what_the_edges_make_anew(seed: int) -> None:
    chance = Random(seed)
    people = [make.member().pk for _n in range(8)]
    keys = [Key(kind, str(n)) for kind in (PAYMENT, BROWSER, CONTACT) for n in range(3)]
    homes = [address_keys(make.ADDRESS | {"recipient": name}) for name in ("Ana", "Ben", "Cy")]
    moderator, now, grown = make.actor(make.staff("moderation")), clock.now(), False
    for step in range(STEPS):
        now += dt.timedelta(days=chance.choice([0, 1, 2, 60]))
        with clock.at(now):
            actions.forget_expired()
            what = chance.random()
            if what < 0.1 and (edges := list(Edge.objects.values_list("id", flat=True))):
                edge_id = chance.choice(edges)
                actions.cut_edge(actor=moderator, edge_id=edge_id, reason="wrong")
            elif what < 0.15:
                actions.forget_account(account_id=chance.choice(people))
            else:
                actions.record_each(
                    [
                        Seen(
                            chance.choice(people),
                            [chance.choice(keys)]
                            if chance.random() < 0.6
                            else chance.choice(homes),
                            "test",
                        )
                        for _n in range(chance.choice([1, 1, 2, 4]))
                    ]
                )
            assert dict(Joined.objects.values_list("account_id", "cluster")) == anew(now), step
        grown = grown or Joined.objects.count() > 3
    assert grown, "somebody was several"
