"""64-bit, time-ordered ids made by a database function.

Layout: 41 bit milliseconds since 2024-01-01 UTC, 10 bit node, 12 bit sequence.
Ids exceed 2**53, so they are strings in JSON, SSE and data- attributes.
"""

from __future__ import annotations

import datetime as dt
import secrets
from typing import TYPE_CHECKING

from django.db import connection, models

EPOCH = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
_CODE_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0 O 1 l I i o
_TYPED_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # one case; no 0 O 1 I L U

if TYPE_CHECKING:
    _BigAutoField = models.BigAutoField[int, int]
else:
    _BigAutoField = models.BigAutoField


class IdField(_BigAutoField):
    """Primary key whose DEFAULT is ``banyan_id()``; the value comes back with the INSERT."""

    def db_type_suffix(self, connection: object) -> str:
        """Return the DEFAULT clause that replaces PostgreSQL's identity clause."""
        return "DEFAULT banyan_id()"


def new_ids(count: int) -> list[int]:
    """Return ids for rows that name each other before any of them is written. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(['banyan_id()'] * count)}")
        return list(cursor.fetchone())


def id_floor(moment: dt.datetime) -> int:
    """Return the smallest id that can have been made at ``moment`` (any node)."""
    return (moment - EPOCH) // dt.timedelta(milliseconds=1) << 22


def id_time(value: int) -> dt.datetime:
    """Return the UTC time, to the millisecond, at which ``value`` was made."""
    return EPOCH + dt.timedelta(milliseconds=value >> 22)


def new_code(bits: int = 80) -> str:
    """Return an unguessable outward code of at least ``bits`` bits, without look-alike letters.

    Capitals and small letters differ; what people type, or is compared regardless of them, is a
    :func:`typed_code`.
    """
    return _code(_CODE_ALPHABET, -(-bits * 1000 // 5780))  # log2(55) = 5.78


def typed_code(bits: int = 80) -> str:
    """Return an unguessable code of at least ``bits`` bits that is the same in small letters."""
    return _code(_TYPED_ALPHABET, -(-bits * 1000 // 4906))  # log2(30) = 4.906


def _code(alphabet: str, length: int) -> str:
    # One draw for all letters; 64 bits more than they need leave no letter likelier than another.
    left, letters = secrets.randbits(6 * length + 64), []
    for _ in range(length):
        left, letter = divmod(left, len(alphabet))
        letters.append(alphabet[letter])
    return "".join(letters)
