"""Running the same thing at once, on real connections."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from django.db import connection

T = TypeVar("T")


def run_at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run every call in a thread of its own, all released at the same instant.

    Returns results in the order of the calls; a raised exception is the result of its call.
    """
    barrier = threading.Barrier(max(1, len(calls)))  # nobody is let go at once, too
    results: list[Any] = [None] * len(calls)

    def run(index: int, call: Callable[[], Any]) -> None:
        try:
            barrier.wait(timeout=30)
            results[index] = call()
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(i, c)) for i, c in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads), "a thread hangs"
    return results


def run_alone(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a thread of its own: a browser's test leaves its loop in the first one."""
    return alone(lambda: asyncio.run(work))


def alone(call: Callable[[], T]) -> T:
    """Call something in a thread of its own and return, or raise, what it does."""
    (result,) = run_at_once(call)
    if isinstance(result, Exception):
        raise result
    found: T = result
    return found


def run_concurrently(call: Callable[[], Any], n: int) -> list[Any]:
    """Run one call ``n`` times at once; see :func:`run_at_once`."""
    return run_at_once(*([call] * n))


def kinds(results: list[Any]) -> dict[str, int]:
    """Count results by the name of their type, for messages of failed tests."""
    found: dict[str, int] = {}
    for result in results:
        name = type(result).__name__
        found[name] = found.get(name, 0) + 1
    return found


def somebody_waits() -> bool:
    """Tell whether a connection of this database waits for a lock.

    Of this one alone: other tests run on the same server. A waiting transaction is known by the
    locks that it has already; statistics would not do, they stand still within a transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks w WHERE NOT w.granted AND EXISTS (SELECT 1"
            " FROM pg_locks o JOIN pg_database d ON d.oid = o.database"
            " WHERE o.pid = w.pid AND d.datname = current_database())"
        )
        return bool(cursor.fetchone()[0])
