"""The only writers of accounts, journals and postings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.db.transaction import TransactionManagementError

from banyan.kernel import clock, locks
from banyan.kernel.actors import Actor, current_cause
from banyan.kernel.ids import id_floor
from banyan.kernel.locks import LockKey, LockOrderViolation
from banyan.kernel.remembered import remembered, run

from . import rules
from .models import Account, Journal, Posting
from .problems import BadJournal, InsufficientBalance, JournalKeyReused
from .rules import KINDS, Entry

# One statement: each journal once per key, its postings, and the running balances of the accounts
# that have one, locked in id order so that two journals never wait for each other in a circle.
_POST = """
WITH journal AS (
  INSERT INTO ledger_journal (key, kind, subject_kind, subject_id, cause_id, reverses_id,
                              actor_kind, actor_id, memo, occurred_at)
  VALUES {rows}
  ON CONFLICT (key) DO NOTHING
  RETURNING id, key
), entry AS (
  SELECT journal.id AS journal_id, e.account_id, e.amount, e.currency, e.n
  FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::text[])
       WITH ORDINALITY AS e (key, account_id, amount, currency, n)
  JOIN journal ON journal.key = e.key
), line AS (
  INSERT INTO ledger_posting (journal_id, account_id, amount, currency)
  SELECT journal_id, account_id, amount, currency FROM entry ORDER BY n
), delta AS (
  SELECT account_id, sum(amount)::bigint AS amount FROM entry GROUP BY account_id
), mine AS (
  SELECT account.id, delta.amount
  FROM ledger_account account JOIN delta ON delta.account_id = account.id
  WHERE account.discipline <> 'hot'
  ORDER BY account.id FOR NO KEY UPDATE OF account
), moved AS (
  UPDATE ledger_account account SET balance = account.balance + mine.amount
  FROM mine WHERE account.id = mine.id RETURNING account.id
)
SELECT ARRAY(SELECT key FROM journal), ARRAY(SELECT id FROM journal), ARRAY(SELECT id FROM moved)
"""
_COLUMNS = (
    *("key", "kind", "subject_kind", "subject_id", "cause_id", "reverses_id"),
    *("actor_kind", "actor_id", "memo", "occurred_at"),
)
_ROW = f"({', '.join(['%s'] * len(_COLUMNS))})"

_CUT = """
SELECT least(now(), coalesce(min(xact_start), now()),
             (SELECT min(prepared) FROM pg_prepared_xacts))
FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'
"""

_SNAPSHOT = """
WITH latest AS (
  SELECT DISTINCT ON (account_id) account_id, up_to, balance
  FROM ledger_snapshot ORDER BY account_id, up_to DESC
), grown AS (
  SELECT account.id, max(posting.id) AS up_to,
         coalesce(max(latest.balance), 0) + sum(posting.amount) AS balance
  FROM ledger_account account
  LEFT JOIN latest ON latest.account_id = account.id
  JOIN ledger_posting posting ON posting.account_id = account.id
   AND posting.id > coalesce(latest.up_to, 0) AND posting.id < %(cut)s
  WHERE account.discipline = 'hot'
  GROUP BY account.id HAVING count(*) >= %(at_least)s
)
INSERT INTO ledger_snapshot (account_id, up_to, balance, created_at)
SELECT id, up_to, balance, %(now)s FROM grown RETURNING id
"""


@remembered
def _account_of(
    kind: str, owner_kind: str, owner_id: int, label: str, currency: str
) -> QuerySet[Account]:
    return Account.objects.filter(
        kind=kind, owner_kind=owner_kind, owner_id=owner_id, label=label, currency=currency
    )


@remembered
def _accounts_of(kinds: list[str], owners: list[int], currency: str) -> QuerySet[Account]:
    return Account.objects.filter(kind__in=kinds, owner_id__in=owners, currency=currency, label="")


class Book(NamedTuple):
    """An account as actions need it: where to post, and how it is locked. Neither ever changes."""

    pk: int
    discipline: str


MOST_KNOWN = 50_000
_known: dict[tuple[str, int, str, str], Book] = {}


def account(
    *, kind: str, owner_kind: str, owner_id: int = 0, currency: str, label: str = ""
) -> Book:
    """Return the account, made on first use. ValueError for an unknown kind or a wrong owner.

    Accounts that an action will post to must exist before it takes its locks; see
    :func:`lock_keys`. Asked once per process: no account is ever deleted or changes its kind.
    """
    rule = KINDS.get(kind)
    if rule is None or rule.owner_kind != owner_kind:
        raise ValueError(f"no account of kind {kind!r} for an owner of kind {owner_kind!r}")
    known = _known.get((kind, owner_id, label, currency))
    if known is not None:
        return known
    identity = {
        "kind": kind,
        "owner_kind": owner_kind,
        "owner_id": owner_id,
        "label": label,
        "currency": currency,
    }
    found = _account_of.first(kind, owner_kind, owner_id, label, currency)
    if found is None:
        Account.objects.bulk_create(
            [Account(**identity, discipline=rule.discipline, created_at=clock.now())],
            ignore_conflicts=True,
        )
        found = Account.objects.get(**identity)
    return _remember([found])[0]


def accounts(*, wanted: Iterable[tuple[str, int]], currency: str) -> dict[tuple[str, int], Book]:
    """Return the accounts of many owners at once, by (kind, owner id); missing ones are made.

    One query when all exist. They are made in one order, so that two callers do not deadlock.
    """
    pairs = sorted(set(wanted))
    known = {pair: _known.get((*pair, "", currency)) for pair in pairs}
    if all(known.values()):
        return {pair: book for pair, book in known.items() if book is not None}
    found = _find(pairs, currency)
    missing = [pair for pair in pairs if pair not in found]
    if missing:
        Account.objects.bulk_create(
            [
                Account(
                    kind=kind,
                    owner_kind=KINDS[kind].owner_kind,
                    owner_id=owner,
                    currency=currency,
                    discipline=KINDS[kind].discipline,
                    created_at=clock.now(),
                )
                for kind, owner in missing
            ],
            ignore_conflicts=True,
        )
        found = _find(pairs, currency)
    return dict(zip(pairs, _remember([found[pair] for pair in pairs]), strict=True))


def _find(pairs: Iterable[tuple[str, int]], currency: str) -> dict[tuple[str, int], Account]:
    kinds, owners = zip(*pairs, strict=True)
    mine = _accounts_of(sorted(set(kinds)), sorted(set(owners)), currency)
    return {(each.kind, each.owner_id): each for each in mine}


def _remember(found: Sequence[Account]) -> list[Book]:
    """Keep accounts for later calls, once they are committed for certain."""
    books = [Book(each.pk, each.discipline) for each in found]

    def keep() -> None:
        if len(_known) > MOST_KNOWN:
            _known.clear()
        for each, book in zip(found, books, strict=True):
            _known[each.kind, each.owner_id, each.label, each.currency] = book

    transaction.on_commit(keep)
    return books


def forget_accounts() -> None:
    """Ask again for every account: for tests, which empty the tables under a process."""
    _known.clear()


def lock_keys(accounts: Iterable[Book | Account]) -> list[LockKey]:
    """Return the keys an outermost action must take before posting to ``accounts``.

    Hot accounts have none: nobody waits for them.
    """
    return [LockKey("wallet", a.pk) for a in accounts if a.discipline != "hot"]


def post(
    *,
    key: str,
    kind: str,
    subject_kind: str,
    subject_id: int,
    entries: Sequence[Entry],
    currency: str,
    actor: Actor,
    memo: str = "",
    reverses: Journal | None = None,
) -> Journal:
    """Book ``entries`` as one journal by one statement; the same key again returns that journal.

    Inside another action, every open or guarded account must already be locked (:func:`lock_keys`),
    else LockOrderViolation. Raises BadJournal (empty, zero amount, not adding up, another
    currency), JournalKeyReused, InsufficientBalance; after a Problem the caller's transaction must
    roll back, at least to a savepoint. Emits nothing: the caller's event tells the story.
    """
    row = _row(key, kind, subject_kind, subject_id, actor, memo, reverses)
    wanted = _wanted(row, entries, currency)
    gathered = _gathered.get()
    if gathered is not None:
        if any(each.row["key"] == key for each in gathered):
            raise JournalKeyReused(detail=key)
        gathered.append(wanted)
        return Journal(**row)
    return _book([wanted], nested=locks.in_transaction())[0]


@contextmanager
def together() -> Iterator[None]:
    """Book everything that is posted inside by one statement, at the end of the block.

    Or by two, where somebody in between says :func:`book_gathered`.

    For an action that books several journals, in listeners too: inside, :func:`post` returns a
    journal that has no id yet, and what only the database can refuse is refused at the end.
    Nothing that is still gathered is booked when the block raises. Needs the caller's transaction.
    """
    if not locks.in_transaction():
        raise TransactionManagementError("journals are gathered inside a transaction")
    wanted: list[_Wanted] = []
    token = _gathered.set(wanted)
    try:
        yield
    finally:
        _gathered.reset(token)
    if wanted:
        _book(wanted, nested=True)


def book_gathered() -> None:
    """Book now what :func:`together` has gathered so far, if it gathers.

    For whoever is about to take a row that others wait for: they need not wait for this, too.
    """
    gathered = _gathered.get()
    if gathered:
        _book(gathered, nested=True)
        gathered.clear()


def _row(
    key: str,
    kind: str,
    subject_kind: str,
    subject_id: int,
    actor: Actor,
    memo: str,
    reverses: Journal | None,
) -> dict[str, Any]:
    return {
        "key": key,
        "kind": kind,
        "subject_kind": subject_kind,
        "subject_id": subject_id,
        "cause_id": current_cause(),
        "reverses_id": reverses.pk if reverses else None,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "memo": memo[:200],
        "occurred_at": clock.now(),
    }


class _Wanted(NamedTuple):
    """A journal to be booked: its columns, its entries, their currency."""

    row: Mapping[str, Any]
    entries: Sequence[Entry]
    currency: str


_gathered: ContextVar[list[_Wanted] | None] = ContextVar("ledger_gathered", default=None)


def _wanted(row: Mapping[str, Any], entries: Sequence[Entry], currency: str) -> _Wanted:
    reason = rules.fault(entries)
    if reason:
        raise BadJournal(code=reason, detail=row["key"])
    return _Wanted(row, entries, currency)


def _book(wanted: Sequence[_Wanted], *, nested: bool) -> list[Journal]:
    with transaction.atomic(savepoint=False):
        made, moved = _insert(wanted)
        if nested:
            _require_locked(moved, ", ".join(each.row["key"] for each in wanted))
        booked = []
        for each in wanted:
            journal_id = made.get(each.row["key"])
            if journal_id is None:
                booked.append(_same(each.row, each.entries, each.currency))
                continue
            journal = Journal(id=journal_id, **each.row)
            journal._state.adding = False
            booked.append(journal)
    return booked


def _insert(wanted: Sequence[_Wanted]) -> tuple[dict[str, int], list[int]]:
    """Return the ids of the new journals by key, and the accounts whose balance moved."""
    entries = [(each, entry) for each in wanted for entry in each.entries]
    values: list[Any] = [each.row[name] for each in wanted for name in _COLUMNS]
    values += [
        [each.row["key"] for each, _ in entries],
        [entry.account_id for _, entry in entries],
        [entry.amount for _, entry in entries],
        [each.currency for each, _ in entries],
    ]
    try:
        keys, ids, moved = run(
            _POST.format(rows=", ".join([_ROW] * len(wanted))), values
        ).fetchone()
    except IntegrityError as error:
        keys_asked = ", ".join(each.row["key"] for each in wanted)
        broken = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        if broken == "ledger_account_guarded":
            raise InsufficientBalance(detail=keys_asked) from error
        if broken in {"journal_unbalanced", "journal_extended", "journal_currency"}:
            raise BadJournal(code=broken, detail=keys_asked) from error
        raise
    return dict(zip(keys, ids, strict=True)), moved


def _require_locked(moved: Iterable[int], key: str) -> None:
    missing = [pk for pk in moved if not locks.held(LockKey("wallet", pk))]
    if missing:
        raise LockOrderViolation(f"{key}: accounts posted to without their lock: {missing}")


def _same(row: Mapping[str, Any], entries: Sequence[Entry], currency: str) -> Journal:
    """Return the journal that already has the key, if it says the same."""
    journal = Journal.objects.get(key=row["key"])
    stored = Posting.objects.filter(journal=journal).values_list("account_id", "amount", "currency")
    wanted = sorted((entry.account_id, entry.amount, currency) for entry in entries)
    same_subject = (journal.kind, journal.subject_kind, journal.subject_id) == (
        row["kind"],
        row["subject_kind"],
        row["subject_id"],
    )
    if not same_subject or sorted(stored) != wanted:
        raise JournalKeyReused(detail=str(row["key"]))
    return journal


def reverse_share(
    *,
    key: str,
    journal: Journal,
    part: int,
    whole: int,
    kind: str,
    subject_kind: str,
    subject_id: int,
    actor: Actor,
    memo: str = "",
    instead: Mapping[int, int] | None = None,
) -> Journal | None:
    """Book the negated stored postings of ``journal``, up to ``part`` of ``whole`` in total.

    ``part`` counts everything reversed so far and now: 40 of 100, then 100 of 100, reverses 40 %
    and then the rest, to the cent. ``instead`` names, per original account, the account where
    that money is by now. Returns None when rounding leaves nothing to book; the same key again
    returns the stored journal. Locks the journal row besides; see :func:`post` for the accounts.
    """
    nested = locks.in_transaction()
    with transaction.atomic(savepoint=False):
        Journal.objects.select_for_update(no_key=True).get(pk=journal.pk)
        stored = Journal.objects.filter(key=key).first()
        if stored is not None:
            if stored.reverses_id != journal.pk:
                raise JournalKeyReused(detail=key)
            return stored
        instead = dict(instead or {})
        postings = list(Posting.objects.filter(journal=journal))
        original = rules.net(Entry(p.account_id, p.amount) for p in postings)
        home = {now: then for then, now in instead.items()}
        earlier = Posting.objects.filter(journal__reverses=journal)
        so_far = rules.net(Entry(home.get(p.account_id, p.account_id), p.amount) for p in earlier)
        step = rules.reversal(original, so_far, part=part, whole=whole)
        if not step:
            return None
        row = _row(key, kind, subject_kind, subject_id, actor, memo, journal)
        entries = [Entry(instead.get(each, each), amount) for each, amount in step.items()]
        wanted = _wanted(row, entries, postings[0].currency)
        return _book([wanted], nested=nested)[0]


def take_snapshots(*, at_least: int = 500, margin: dt.timedelta = dt.timedelta(minutes=1)) -> int:
    """Snapshot every hot account with ``at_least`` postings since its last one; return how many.

    A running transaction may still commit a smaller id, so only postings older than the oldest
    running transaction, less ``margin``, are summed. Repeatable.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('ledger_snapshot'))")
        cursor.execute(_CUT)
        (oldest,) = cursor.fetchone()
        cut = id_floor(oldest - margin)
        cursor.execute(_SNAPSHOT, {"cut": cut, "at_least": at_least, "now": clock.now()})
        return len(cursor.fetchall())
