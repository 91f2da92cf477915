"""Advisory locks of people: a pair of accounts, what one has agreed to, or what it keeps.

A pair is locked rather than its accounts, so that a thousand people can follow one at once. Each
action takes at most one of them, first of all: before the rows that it protects, and before the
account's own row, for which every key that points to the account has to wait.
"""

from __future__ import annotations

from django.db import OperationalError, connection

from banyan.kernel import locks


def hold_pair(one: int, other: int) -> None:
    """Hold all that two accounts have to do with each other until the transaction ends.

    Busy when somebody else holds it too long.
    """
    _hold(_pair(one, other))


def keep_pair(one: int, other: int) -> None:
    """Keep what two accounts have to do with each other as it is until the transaction ends.

    Any number may keep it at once; whoever would change it waits. Busy when somebody does too long.
    """
    _hold(_pair(one, other), "pg_advisory_xact_lock_shared")


def _pair(one: int, other: int) -> str:
    return f"people.pair:{min(one, other)}:{max(one, other)}"


def hold_choices(account_id: int) -> None:
    """Hold what an account agrees to, and what stands on it, until the transaction ends.

    Busy when somebody else holds it too long.
    """
    _hold(f"people.choices:{account_id}")


def hold_kept(account_id: int) -> None:
    """Hold what an account keeps up to a number (mutes, drafts) until the transaction ends.

    Whoever adds to it counts behind this. Busy when somebody else holds it too long.
    """
    _hold(f"people.kept:{account_id}")


def _hold(name: str, lock: str = "pg_advisory_xact_lock") -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {int(locks.TIMEOUT_MS)}")
            cursor.execute(f"SELECT {lock}(hashtextextended(%s, 0))", [name])
            cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
    except OperationalError as error:
        problem = locks.busy(error)
        if problem is None:
            raise
        raise problem from error
