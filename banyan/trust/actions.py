"""Writing edges, cutting them, and keeping the clusters that they make.

One writer at a time (an advisory lock): two accounts that are seen with one key at the same instant
would otherwise each miss the other. Nobody who shops waits for it; edges are written afterwards.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from banyan.kernel import audit, clock, events, locks
from banyan.kernel.actors import Actor
from banyan.kernel.ids import id_floor
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Invalid, NotFound
from banyan.kernel.remembered import change, insert, remembered, run
from banyan.kernel.states import transition
from banyan.people.models import Account

from . import ports, rules
from .circles import Ring
from .digests import digests
from .events import CircleFound
from .models import Circle, CircleMember, Edge, Joined, LookBack
from .queries import is_reviewer, joined, people_of
from .rules import CROWD, KINDS, STRONG, Key, Sight, Span
from .states import CIRCLE

EXPIRED_AT_ONCE = 500
OLD_AT_ONCE = 40
AHEAD = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """An account that was seen with keys, and where: "contact", "sign_in", "payment", "order".

    ``at`` is when, if that is not now: it may be long ago.
    """

    account_id: int
    keys: Collection[Key]
    source: str
    at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class _Told:
    """What is told of one edge: kind and source of its key, and when it was seen."""

    kind: str
    source: str
    moments: list[dt.datetime]

    def news(self, edge: Edge | None, now: dt.datetime) -> Span | None:
        """Return how often the key was seen by then, if that is more than the edge says."""
        was = Span(edge.times, edge.first_seen, edge.last_seen) if edge else None
        span = rules.spanning(was, self.moments, lasts=KINDS[self.kind].lasts, now=now)
        return None if span == was else span


def record(*, account_id: int, keys: Collection[Key], source: str) -> None:
    """Note that an account was seen with ``keys``. See :func:`record_each`."""
    record_each([Seen(account_id, keys, source)])


def record_each(seen: Sequence[Seen]) -> None:
    """Note which accounts were seen with which keys, and join them to whoever has them. Repeatable.

    One statement where all of them were noted within a day, and not more for many accounts than
    for one. Takes the lock of all edges, so it is called in the background. Raises Busy.
    """
    now = clock.now()
    wanted: dict[tuple[int, str], _Told] = {}
    for one in seen:
        for key in one.keys:
            for digest in digests(key):
                new = _Told(key.kind, one.source, [])
                told = wanted.setdefault((one.account_id, digest), new)
                told.moments.append(one.at or now)
    edges = _by_place(sorted({account_id for account_id, _digest in wanted}))
    missing = {at: told for at, told in wanted.items() if told.news(edges.get(at), now)}
    if not missing:
        return
    with transaction.atomic(savepoint=False):
        _alone()
        accounts = _accounts(sorted({account_id for account_id, _digest in missing}))
        # Others were erased, or closed, since they were seen.
        active = sorted(one.pk for one in accounts if one.is_active)
        kept = _by_place(active)
        before = rules.joining(_sights(kept.values(), now))
        fresh = []
        for place, told in sorted(missing.items()):
            # Asked again behind the lock: somebody else may have noted it meanwhile.
            span = told.news(kept.get(place), now)
            if place[0] not in active or span is None:
                continue
            if place in kept:
                _see_again(kept[place], span)
            else:
                fresh.append(_edge(*place, told, span))
        kept |= {_place(one): one for one in insert(*fresh)}
        if moved := rules.joining(_sights(kept.values(), now)) ^ before:
            _join({account_id for account_id, _digest in moved}, now)


def look_back(*, most: int = OLD_AT_ONCE) -> int:
    """Note what is told by the next ``most`` rows of each kind from before there were edges.

    Returns how many rows were gone through, 0 once all is done. From the newest back, and the
    progress is written after the edges: killed in between it goes through the same rows again,
    which changes nothing. Repeatable, and may run twice at once. Raises Busy.
    """
    now, count = clock.now(), 0
    known = {one.name: one for one in LookBack.objects.all()}
    for name, (source, read) in ports.readers().items():
        # A little further than now, as clocks differ: what events tell, too, changes nothing.
        start = {"below": id_floor(now + AHEAD), "begun_at": now}
        begun = known.get(name) or LookBack.objects.get_or_create(name=name, defaults=start)[0]
        if begun.done_at is not None:
            continue
        rows = read(begun.below, most)
        record_each([Seen(one.account_id, one.keys, source, one.at) for one in rows])
        to: dict[str, object] = {"done_at": now if len(rows) < most else None}
        if rows:
            to |= {"below": rows[-1].row_id, "rows": begun.rows + len(rows)}
        change(begun, {"below": begun.below}, to)
        count += len(rows)
    return count


def _by_place(account_ids: list[int]) -> dict[tuple[int, str], Edge]:
    return {_place(one): one for one in _edges_of(account_ids)}


def _place(edge: Edge) -> tuple[int, str]:
    return edge.account_id, edge.digest


@remembered
def _accounts(account_ids: list[int]) -> QuerySet[Account]:
    return Account.objects.filter(pk__in=account_ids).only("is_active")


@remembered
def _edges_of(account_ids: list[int]) -> QuerySet[Edge]:
    return Edge.objects.filter(account_id__in=account_ids)


def _see_again(edge: Edge, span: Span) -> None:
    edge.times, edge.first_seen, edge.last_seen = span.times, span.first, span.last
    edge.expires_at = span.last + KINDS[edge.kind].lasts
    fields = ("times", "first_seen", "last_seen", "expires_at")
    change(edge, {}, {name: getattr(edge, name) for name in fields})


def _edge(account_id: int, digest: str, told: _Told, span: Span) -> Edge:
    """Return the edge of a key that an account is seen with for the first time."""
    return Edge(
        account_id=account_id,
        kind=told.kind,
        digest=digest,
        source=told.source,
        times=span.times,
        first_seen=span.first,
        last_seen=span.last,
        expires_at=span.last + KINDS[told.kind].lasts,
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
    with locks.in_time():
        run(
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
    ways: set[tuple[int, str]] = set()
    known: set[int] = set()
    new = set(accounts)
    while new:
        known |= new
        found = rules.joining(_sights(_edges_of(sorted(new)), now))
        sharers = _sharers(sorted({digest for _account, digest in found}), now)
        ways |= {(one, digest) for one, digest in found if len(sharers[digest]) <= CROWD}
        # At the moment when a key has become a crowd's, all of these are looked at once more.
        near = set().union(*(ids for ids in sharers.values() if len(ids) <= CROWD + 1))
        new = (near | _mates(new)) - known
    wanted = _several(rules.clusters(known, ways))
    if alone := {one.account_id for one in joined(sorted(known))} - wanted.keys():
        Joined.objects.filter(account_id__in=alone).delete()
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
    rows = run(_SHARERS, [now, CROWD + 2, list(found)]).fetchall() if found else []
    return {digest: set(accounts) for digest, accounts in rows}


def _mates(accounts: Collection[int]) -> set[int]:
    """Return who stands in one cluster with them so far."""
    return {one.account_id for one in _in_clusters_of(sorted(accounts))}


@remembered
def _in_clusters_of(account_ids: list[int]) -> QuerySet[Joined]:
    named = Joined.objects.filter(account_id__in=account_ids).values("cluster")
    return Joined.objects.filter(cluster__in=named)


def _several(clusters: dict[int, int]) -> dict[int, int]:
    """Leave out who is alone."""
    sizes: dict[int, int] = {}
    for cluster in clusters.values():
        sizes[cluster] = sizes.get(cluster, 0) + 1
    return {account: cluster for account, cluster in clusters.items() if sizes[cluster] > 1}


def note_circle(*, actor: Actor, ring: Ring, evidence: Sequence[int]) -> Circle:
    """Note a circle as it stands now, with the rows of ``evidence`` that it rests on; return it.

    One row for the same persons. What was decided stays; a cleared circle is not looked at again.
    Emits circle.found where it is new, and where one that nobody has decided got strong. Locks the
    circle; repeatable. Raises Busy.
    """
    key = sha256("|".join(map(str, ring.members)).encode()).hexdigest()
    now = clock.now()
    seen = {"rounds": ring.rounds, "inside": ring.inside, "last_seen": now}
    fresh = {**seen, "strength": ring.strength, "evidence": list(evidence), "found_at": now}
    with transaction.atomic():
        circle, is_new = Circle.objects.get_or_create(key=key, defaults=fresh)
        if is_new:
            members = [CircleMember(circle=circle, account_id=one) for one in ring.members]
            CircleMember.objects.bulk_create(members)
            _tell_circle(actor, circle)
            return circle
        locks.take_reading("circle", circle)
        if circle.state == "cleared":
            return circle
        got_strong = ring.strength == STRONG != circle.strength
        circle.strength = STRONG if got_strong else circle.strength
        circle.evidence = sorted({*circle.evidence, *evidence})
        circle.rounds, circle.inside, circle.last_seen = ring.rounds, ring.inside, now
        circle.save(update_fields=["strength", "evidence", *seen])
        if got_strong and circle.state == "open":
            _tell_circle(actor, circle)
    return circle


def leave_circles(*, account_id: int) -> None:
    """Name an account that is erased in no circle any more. Repeatable."""
    CircleMember.objects.filter(account_id=account_id).delete()


def _tell_circle(actor: Actor, circle: Circle) -> None:
    told = CircleFound(circle_id=circle.pk, strength=circle.strength, rounds=circle.rounds)
    events.emit(told, actor=actor)


def settle_circle(*, actor: Actor, circle: Circle, to: str, reason: str) -> None:
    """Write what was decided about a circle: confirmed or cleared; audited with the reason.

    In the transaction of whoever holds or releases what was earned in it, which has the lock of
    the circle. Raises IllegalTransition where that was decided before.
    """
    locks.require(LockKey("circle", circle.pk))
    transition(CIRCLE, circle, to, actor=actor, reason=reason)
    audit.record(
        actor=actor,
        action=f"circle.{to}",
        subject_kind="circle",
        subject_id=circle.pk,
        subject_label=", ".join(f"@{one.handle}" for one in people_of(circle)),
        reason=reason,
    )
