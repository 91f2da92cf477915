"""Many buyers at once, from a few threads: each lane is one visitor after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from .buyer import Buyer, Lines, Outcome


def send(
    link: str,
    *,
    origin: str,
    numbers: Iterable[int],
    lanes: int,
    tell: Callable[[Outcome], None] | None = None,
) -> list[Outcome]:
    """Let buyers ``numbers`` open ``link`` (a path) at ``origin`` and buy; return how each ended.

    ``lanes`` visits run at the same time. ``tell`` hears of every end, one at a time; when it
    raises, nobody new sets out and the error is raised here.
    """
    waiting = iter(numbers)
    done: list[Outcome] = []
    errors: list[BaseException] = []
    lock = threading.Lock()

    def lane() -> None:
        lines = Lines()
        try:
            while (number := _next(waiting, lock)) is not None and not errors:
                outcome = Buyer(number, origin=origin, lines=lines).buy(link)
                with lock:
                    done.append(outcome)
                    if tell is not None:
                        tell(outcome)
        except BaseException as error:
            errors.append(error)
        finally:
            lines.close()

    threads = [threading.Thread(target=lane, name=f"lane-{n}") for n in range(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return done


def _next(waiting: Iterable[int], lock: threading.Lock) -> int | None:
    with lock:
        return next(iter(waiting), None)
