"""Writing edges, cutting them, and keeping the clusters that they make.

One writer at a time (an advisory lock): two accounts that are seen with one key at the same instant
would otherwise each miss the other. Nobody who shops waits for it; edges are written afterwards.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import audit, clock, locks
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid, NotFound
from banyan.people.models import Account

from . import rules
from .digests import digests
from .models import Edge, Joined
from .queries import is_reviewer
from .rules import CROWD, KINDS, Key, Sight

AGAIN = dt.timedelta(days=1)
"""How long an edge is not written again."""
EXPIRED_AT_ONCE = 500


def record(*, account_id: int, keys: Collection[Key], source: str) -> None:
    """Note that an account was seen with ``keys``, and join it to whoever has them. Repeatable.

    One statement where all of them were noted within a day. Takes the lock of all edges, so it is
    called in the background. Raises Busy.
    """
    wanted = {digest: key.kind for key in keys for digest in digests(key)}
    now = clock.now()
    fresh = Edge.objects.filter(account_id=account_id, digest__in=wanted, last_seen__gt=now - AGAIN)
    known = set(fresh.values_list("digest", flat=True))
    missing = {digest: kind for digest, kind in wanted.items() if digest not in known}
    if not missing:
        return
    with transaction.atomic():
        _alone()
        if not Account.objects.filter(pk=account_id, is_active=True).exists():
            return  # erased, or closed, since it was seen
        kept = {one.digest: one for one in Edge.objects.filter(account_id=account_id)}
        before = rules.joining(_sights(kept.values(), now))
        seen = [
            _seen(kept.get(digest), account_id=account_id, key=(kind, digest), source=source)
            for digest, kind in sorted(missing.items())
        ]
        Edge.objects.bulk_create(
            seen,
            update_conflicts=True,
            unique_fields=["account", "digest"],
            update_fields=["times", "last_seen", "expires_at"],
        )
        kept |= {one.digest: one for one in seen}
        if rules.joining(_sights(kept.values(), now)) != before:
            _join([account_id], now)


def _seen(before: Edge | None, *, account_id: int, key: tuple[str, str], source: str) -> Edge:
    """Return an edge as it is once it is seen now; ``key`` is its kind and digest."""
    now, (kind, digest) = clock.now(), key
    return Edge(
        account_id=account_id,
        kind=kind,
        digest=digest,
        source=before.source if before else source,
        times=before.times + 1 if before else 1,
        first_seen=before.first_seen if before else now,
        last_seen=now,
        expires_at=now + KINDS[kind].lasts,
        cut_at=before.cut_at if before else None,
    )


def cut_edge(*, actor: Actor, edge_id: int, reason: str) -> Edge:
    """Let an edge join nobody any more, as a reviewer found it wrong; audited with the reason.

    Whom it joined are persons of their own again, unless something else joins them. Repeatable.
    Raises NotFound for others than reviewers, Invalid without a reason.
    """
    if not is_reviewer(actor):
        raise NotFound()
    if not reason.strip():
        raise Invalid(fields={"reason": _("Say why.")})
    with transaction.atomic():
        _alone()
        edge = Edge.objects.select_related("account").filter(pk=edge_id).first()
        if edge is None:
            raise NotFound()
        if edge.cut_at is None:
            edge.cut_at = clock.now()
            edge.save(update_fields=["cut_at"])
            audit.record(
                actor=actor,
                action="edge.cut",
                subject_kind="account",
                subject_id=edge.account_id,
                subject_label=f"@{edge.account.handle}",
                reason=reason.strip(),
                detail={"kind": edge.kind},
            )
            _join([edge.account_id], edge.cut_at)
    return edge


def forget_expired(*, limit: int = EXPIRED_AT_ONCE) -> int:
    """Delete edges whose time is over, and let what they joined fall apart; returns how many."""
    now = clock.now()
    with transaction.atomic():
        _alone()
        due = Edge.objects.filter(expires_at__lte=now).order_by("expires_at")[:limit]
        rows = list(due.values_list("id", "account_id"))
        Edge.objects.filter(pk__in=[pk for pk, _account in rows]).delete()
        _join({account for _pk, account in rows}, now)
    return len(rows)


def forget_account(*, account_id: int) -> None:
    """Delete all edges of an account that is erased; the others of its cluster stay joined."""
    now = clock.now()
    with transaction.atomic():
        _alone()
        Edge.objects.filter(account_id=account_id).delete()
        _join([account_id], now)


def _alone() -> None:
    """Let nobody else write edges until the transaction ends. Busy when somebody does too long."""
    with locks.in_time(), connection.cursor() as cursor:
        cursor.execute(
            f"WITH patience AS MATERIALIZED ({locks.patience()})"  # noqa: S608 - our own text
            " SELECT pg_advisory_xact_lock(hashtext('banyan.trust')) FROM patience"
        )


def _sights(edges: Iterable[Edge], now: dt.datetime) -> list[Sight]:
    """Return what edges say, of those that hold."""
    return [
        Sight(one.account_id, one.kind, one.digest, one.times, one.first_seen)
        for one in edges
        if one.cut_at is None and one.expires_at > now
    ]


def _join(accounts: Collection[int], now: dt.datetime) -> None:
    """Make the clusters of accounts, and of all whom these concern, out of the edges that hold."""
    joined: set[tuple[int, str]] = set()
    known: set[int] = set()
    new = set(accounts)
    while new:
        known |= new
        found = rules.joining(_sights(Edge.objects.filter(account_id__in=new), now))
        sharers = _sharers(sorted({digest for _account, digest in found}), now)
        joined |= {(one, digest) for one, digest in found if len(sharers[digest]) <= CROWD}
        # At the moment when a key has become a crowd's, all of these are looked at once more.
        near = set().union(*(ids for ids in sharers.values() if len(ids) <= CROWD + 1))
        new = (near | _mates(new)) - known
    wanted = _several(rules.clusters(known, joined))
    rows = Joined.objects.filter(account_id__in=known)
    rows.exclude(account_id__in=wanted).delete()
    written = [Joined(account_id=one, cluster=cluster) for one, cluster in wanted.items()]
    Joined.objects.bulk_create(
        written, update_conflicts=True, unique_fields=["account"], update_fields=["cluster"]
    )


_SHARERS = """
SELECT key, ARRAY(SELECT account_id FROM trust_edge WHERE digest = key AND cut_at IS NULL
                    AND expires_at > %s ORDER BY account_id LIMIT %s)
FROM unnest(%s::text[]) AS key
"""


def _sharers(found: Sequence[str], now: dt.datetime) -> dict[str, set[int]]:
    """Return who has each key by an edge that holds; of a crowd no more than show that it is."""
    with connection.cursor() as cursor:
        cursor.execute(_SHARERS, [now, CROWD + 2, list(found)])
        return {digest: set(accounts) for digest, accounts in cursor.fetchall()}


def _mates(accounts: Collection[int]) -> set[int]:
    """Return who stands in one cluster with them so far."""
    named = Joined.objects.filter(account_id__in=accounts).values("cluster")
    return set(Joined.objects.filter(cluster__in=named).values_list("account_id", flat=True))


def _several(clusters: dict[int, int]) -> dict[int, int]:
    """Leave out who is alone."""
    sizes: dict[int, int] = {}
    for cluster in clusters.values():
        sizes[cluster] = sizes.get(cluster, 0) + 1
    return {account: cluster for account, cluster in clusters.items() if sizes[cluster] > 1}
