"""Who is one person with whom: for limits and holds. What joins them only reviewers see."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet, prefetch_related_objects

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound
from banyan.kernel.remembered import remembered, run
from banyan.people.models import Account

from .models import Circle, Edge, Joined, LookBack
from .rules import CROWD

REVIEWERS = ("moderation",)
MOST = 50
"""Accounts of one person that are looked at; the smallest come first."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a member: proven contacts, and the person's accounts, the own among them.

    ``contacts`` are those of all these accounts, in small letters.
    """

    account_id: int
    email: str
    phone: str
    accounts: frozenset[int]
    contacts: frozenset[str]


ACCOUNTS = f"""
  ARRAY(SELECT o.account_id FROM trust_joined m JOIN trust_joined o ON o.cluster = m.cluster
        WHERE m.account_id = people_account.id ORDER BY o.account_id LIMIT {MOST})
"""  # noqa: S608 - a number
"""The accounts of the person whose row of ``people_account`` is read, for a larger statement; empty
for who is alone."""

CONTACTS = f"""
  ARRAY(SELECT lower(one) FROM people_account AS mate, unnest(ARRAY[mate.email, mate.phone]) AS one
        WHERE mate.id = ANY({ACCOUNTS}) AND one <> '')
"""  # noqa: S608 - our own text
"""The proven contacts of these accounts, for the same; empty for who is alone."""

_KNOWN = f"""
SELECT email, phone, {ACCOUNTS}, {CONTACTS} FROM "people_account" WHERE "people_account"."id" = %s
"""  # noqa: S608 - our own text


def known(account_id: int) -> Known:
    """Return what is known of a member. One statement; Account.DoesNotExist without one."""
    found = run(_KNOWN, [account_id]).fetchone()
    if found is None:
        raise Account.DoesNotExist(account_id)
    email, phone, accounts, contacts = found
    own = {one.lower() for one in (email, phone) if one}
    return Known(
        account_id,
        email or "",
        phone or "",
        frozenset({account_id, *accounts}),
        frozenset({*own, *contacts}),
    )


@remembered
def joined(account_ids: list[int]) -> QuerySet[Joined]:
    """Return the rows of those accounts that are one person with others."""
    return Joined.objects.filter(account_id__in=account_ids)


def clusters_of(account_ids: Collection[int]) -> Mapping[int, int]:
    """Return the person behind each account, as a number. One statement."""
    found = {one.account_id: one.cluster for one in joined(list(account_ids))}
    return {account_id: found.get(account_id, account_id) for account_id in account_ids}


def cluster_of(account_id: int) -> int:
    """Return the person behind an account, as a number. One statement."""
    return clusters_of([account_id])[account_id]


def accounts_in(cluster: int) -> set[int]:
    """Return the accounts of a person. One statement."""
    rows = Joined.objects.filter(cluster=cluster).values_list("account_id", flat=True)
    return {cluster, *rows}


def household_of(account_id: int) -> frozenset[int]:
    """Return the accounts of other persons at the same address. One statement."""
    now = clock.now()
    found = run(_HOUSEHOLD, [now, now, account_id]).fetchone()
    if found is None:
        return frozenset()
    accounts, near = found
    return frozenset(near) - {account_id, *accounts}


_HOUSEHOLD = f"""
SELECT {ACCOUNTS},
  ARRAY(SELECT unnest(o.accounts) FROM trust_edge e CROSS JOIN LATERAL (
          SELECT array_agg(s.account_id) AS accounts FROM (
            SELECT account_id FROM trust_edge WHERE digest = e.digest AND cut_at IS NULL
               AND expires_at > %s LIMIT {CROWD + 1}) AS s) AS o
        WHERE e.account_id = people_account.id AND e.kind = 'address'
          AND e.cut_at IS NULL AND e.expires_at > %s AND cardinality(o.accounts) <= {CROWD})
FROM "people_account" WHERE "people_account"."id" = %s
"""  # noqa: S608 - numbers


def mates_of(account_ids: Collection[int]) -> QuerySet[Joined]:
    """Return the rows of all accounts of the persons behind some accounts, for a larger query."""
    own = Joined.objects.filter(account_id__in=account_ids).values("cluster")
    return Joined.objects.filter(cluster__in=own)


# -- for reviewers ---------------------------------------------------------------------------------


def is_reviewer(actor: Actor) -> bool:
    """Tell whether somebody may see what joins accounts, and cut it."""
    return actor.has_role(*REVIEWERS)


@dataclass(frozen=True, slots=True)
class Tie:
    """An edge of an account, and who else has that key by an edge that holds."""

    edge: Edge
    others: Sequence[Account]


def ties_of(account: Account) -> list[Tie]:
    """Return what joins an account to others, and what would: three statements."""
    mine = list(Edge.objects.filter(account=account).order_by("kind", "-last_seen"))
    same = Edge.objects.filter(digest__in=[one.digest for one in mine], cut_at=None)
    rows = same.exclude(account=account).filter(expires_at__gt=clock.now())
    others: dict[str, list[Account]] = {}
    for one in rows.select_related("account").order_by("account_id"):
        others.setdefault(one.digest, []).append(one.account)
    return [Tie(one, others.get(one.digest, [])) for one in mine]


def persons(*, limit: int = 50) -> list[list[Account]]:
    """Return the accounts of persons who have several, the largest first. Two statements."""
    sizes = Joined.objects.values("cluster").annotate(n=Count("id")).order_by("-n", "cluster")
    largest = [row["cluster"] for row in sizes[:limit]]
    found: dict[int, list[Account]] = {cluster: [] for cluster in largest}
    rows = Joined.objects.filter(cluster__in=largest).select_related("account")
    for one in rows.order_by("account_id"):
        found[one.cluster].append(one.account)
    return list(found.values())


def looking_back() -> list[LookBack]:
    """Return which old rows are still gone through, and how far. One statement."""
    return list(LookBack.objects.filter(done_at=None).order_by("name"))


# -- circles ---------------------------------------------------------------------------------------


def circle_of(circle_id: int) -> Circle:
    """Return a circle as it is now. NotFound without one. One statement."""
    found = Circle.objects.filter(pk=circle_id).first()
    if found is None:
        raise NotFound(detail=f"circle {circle_id}")
    return found


def circles_waiting() -> int:
    """Return how many circles nobody has looked at yet. One query."""
    return Circle.objects.filter(state="open").count()


def people_of(circle: Circle) -> list[Account]:
    """Return who is in a circle, each by one account. Two statements, none where prefetched."""
    prefetch_related_objects([circle], "members__account")
    return sorted((one.account for one in circle.members.all()), key=lambda one: one.pk)
