"""Ports for servers that tests start as processes of their own."""

from __future__ import annotations

import itertools
import os

from banyan.ops.environment import taken_ports

# Below those that the system gives to whoever connects, which would be taken before the server
# is up; each process of a run begins elsewhere.
_FIRST, _EACH, _PROCESSES = 10_000, 150, 140
_numbers = itertools.count(0, 3)


def free_port() -> int:
    """Return the first of three free ports in a row, none of them returned lately."""
    begin = _FIRST + os.getpid() % _PROCESSES * _EACH
    for number in _numbers:
        first = begin + number % _EACH
        if not taken_ports("0.0.0.0", {str(port): port for port in range(first, first + 3)}):
            return first
    raise AssertionError("the numbers do not end")
