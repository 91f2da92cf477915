"""Taking a unit out of a bucket, and giving it back to the same bucket.

A unit is taken by one conditional UPDATE with a CHECK behind it, or by a ticket. Who gives units
back holds the stock's row, so that nobody settles the sale meanwhile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from banyan.catalog.actions import release, release_held, sold_out, unhold
from banyan.kernel import clock, locks, tickets
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Conflict
from banyan.kernel.remembered import insert, run
from banyan.trust.queries import ACCOUNTS, CONTACTS, known

from ..models import Bucket, Right, RightKey, Sale
from ..states import COUNTED

ACCOUNT = "account:"
_COUNTED = ", ".join(f"'{state}'" for state in COUNTED)


def keys_of_member(account_id: int) -> set[str]:
    """Return every key under which a member is one person: the accounts and the contacts."""
    member = known(account_id)
    return _keys(member.accounts, *member.contacts)


def _keys(accounts: Collection[int], *contacts: str | None) -> set[str]:
    keys = {f"contact:{one.lower()}" for one in contacts if one}
    return keys | {f"{ACCOUNT}{one}" for one in accounts}


_PERSON = f"""
SELECT email, phone, {ACCOUNTS}, {CONTACTS},
  (SELECT count(DISTINCT k.right_id) FROM sales_rightkey k
  JOIN sales_right r ON r.id = k.right_id
  WHERE k.sale_id = %s AND k.key = 'account:' || people_account.id AND r.state IN ({_COUNTED}))
FROM people_account WHERE id = %s
"""  # noqa: S608 - names of states


def person_in(sale: Sale, account_id: int) -> set[str]:
    """Return a member's keys; refuse at once who plainly has their units. One statement.

    Whether it is so is decided under the lock; this spares others a ticket drawn for nothing.
    """
    row = run(_PERSON, [sale.pk, account_id]).fetchone()
    email, phone, accounts, contacts, held = row
    _check_held(held + 1, sale)
    return _keys({account_id, *accounts}, email, phone, *contacts)


def lock_person(sale_id: int, keys: Collection[str]) -> None:
    """Let one person, under any of their keys, do one thing in a sale at a time."""
    run(
        "SELECT pg_advisory_xact_lock(h) FROM (SELECT DISTINCT hashtextextended(k, %s) AS h"
        " FROM unnest(%s::text[]) AS k ORDER BY 1) AS hashed",
        [sale_id, sorted(keys)],
    )


def _held(ours: int, keys: int) -> str:
    """Return what asks for a person's units beside ``ours``, and under which keys these are held.

    Spelled out: where a list is one parameter, PostgreSQL plans a statement anew each time.
    """
    rights, names = ", ".join(["%s"] * ours), ", ".join(["%s"] * keys)
    known = f"""ARRAY(SELECT key FROM sales_rightkey
  WHERE right_id IN ({rights}) GROUP BY key HAVING count(*) >= {ours})"""  # noqa: S608 - numbers
    return f"""
SELECT count(DISTINCT k.right_id) AS n, {known if ours else "ARRAY[]::text[]"} AS known
FROM sales_rightkey k JOIN sales_right r ON r.id = k.right_id
WHERE k.sale_id = %s AND k.key IN ({names}) AND r.state IN ({_COUNTED})
{f"AND r.id NOT IN ({rights})" if ours else ""}
"""  # noqa: S608 - numbers and names of states


def check_cap(
    sale: Sale, keys: Collection[str], *, more: int, without: Sequence[Right] = ()
) -> set[str]:
    """Refuse what would be more than one person may have; Conflict ``sale_cap``.

    Returns the keys under which all of ``without`` are held already.
    """
    ours = [right.pk for right in without]
    asked = _held(len(ours), len(keys))
    held, known = run(asked, [*ours, sale.pk, *sorted(keys), *ours]).fetchone()
    _check_held(held + more, sale)
    return set(known)


def _check_held(units: int, sale: Sale) -> None:
    if units > sale.per_person:
        raise SaleCapped(extra={"per_person": sale.per_person})


class SaleCapped(Conflict):
    """This person has as many units of a sale as one person can have."""

    code = "sale_cap"
    message = _("You already have as many as one person can have.")


@dataclass(frozen=True, slots=True)
class Unit:
    """Where the unit of a new right comes from: SQL that yields its ticket or no row, its values.

    No row, and nothing taken, for who holds as many as one person can have.
    """

    sql: str
    values: tuple[Any, ...]


_MAY = "(SELECT n FROM held) < %s"
_FRESH = tickets.used_at_once(_MAY)
_GIVEN = f"SELECT %s::bigint AS id WHERE {_MAY}"


def fresh_unit(bucket: Bucket, holder: str, sale: Sale) -> Unit:
    """Return the next number of a bucket with tickets that nobody has had."""
    now = clock.now()
    return Unit(_FRESH, (holder, now, now, bucket.pool_id, sale.per_person))


def given_unit(ticket_id: int | None, sale: Sale) -> Unit:
    """Return a ticket that its person has used, or without one what :func:`take` takes."""
    return Unit(_GIVEN, (ticket_id, sale.per_person))


@cache
def _binding(source: str, keys: int) -> str:
    return f"""
WITH held AS ({_held(0, keys)}), unit AS ({source}), made AS (
  INSERT INTO sales_right (sale_id, item_id, bucket_id, account_id, state, code, recipient,
    ticket_id, expires_at, created_at)
  SELECT %s, %s, %s, %s, 'bound', '', '', unit.id, %s, %s FROM unit RETURNING id, ticket_id
), named AS (
  INSERT INTO sales_rightkey (right_id, sale_id, key)
  SELECT made.id, %s, v.key FROM made, (VALUES {", ".join(["(%s)"] * keys)}) AS v(key)
)
SELECT held.n, made.id, made.ticket_id FROM held LEFT JOIN made ON true
"""  # noqa: S608 - our own text and a number


def bind_unit(right: Right, keys: Collection[str], unit: Unit) -> None:
    """Write a new, bound right to a unit, and under which keys its person holds it.

    One statement, under the lock of :func:`lock_person`: what the person holds already, the unit,
    and the right. Raises Conflict ``sale_cap``, SoldOut.
    """
    names = sorted(keys)
    written = run(
        _binding(unit.sql, len(names)),
        [
            *(right.sale_id, *names, *unit.values),
            *(right.sale_id, right.item_id, right.bucket_id, right.account_id),
            *(right.expires_at, right.created_at, right.sale_id, *names),
        ],
    )
    held, right.pk, right.ticket_id = written.fetchone()
    if right.pk is None:
        _check_held(held + 1, right.sale)
        raise sold_out([right.item.variant_id])
    right._state.adding = False


def write_keys(rights: Iterable[Right], keys: Collection[str]) -> None:
    """Note under which keys somebody holds rights."""
    insert(
        *(
            RightKey(right=right, sale_id=right.sale_id, key=key)
            for right in rights
            for key in sorted(keys)
        )
    )


def take(bucket: Bucket, n: int = 1) -> None:
    """Take ``n`` units or, with SoldOut, none."""
    taken = Bucket.objects.filter(pk=bucket.pk, taken__lte=F("size") - n).update(
        taken=F("taken") + n
    )
    if taken != 1:
        raise sold_out([bucket.item.variant_id])
    locks.locked_by_statement([LockKey("bucket", bucket.pk)])


def bucket_locks(rights: Iterable[Right]) -> list[LockKey]:
    """Return the locks of the buckets that the units of ``rights`` go back to."""
    return [LockKey("bucket", bucket_id) for bucket_id in {right.bucket_id for right in rights}]


def put_back(sale: Sale, rights: Sequence[Right], *, was: str, reference: str) -> None:
    """Give the units of ``rights``, which were all in the state ``was``, to their own buckets.

    Once the sale is settled they become free stock instead. The caller holds the stock's rows and
    :func:`bucket_locks`, and has read ``sale`` behind them.
    """
    units = Counter(right.item.variant_id for right in rights)
    taken: Counter[int] = Counter()
    for right in rights:
        if sale.settled_at is None and right.ticket_id is not None:
            tickets.give_back(claims=[right.ticket_id])
        else:
            taken[right.bucket_id] += 1
    for bucket_id, n in taken.items():
        shrink = {} if sale.settled_at is None else {"size": F("size") - n}
        Bucket.objects.filter(pk=bucket_id).update(taken=F("taken") - n, **shrink)
    wanted = list(units.items())
    if not wanted:
        return
    if was == "reserved":
        back = release_held if sale.settled_at is None else release
        back(wanted, reference=reference)
    elif was == "bound" and sale.settled_at is not None:
        unhold(wanted, reference=reference)
