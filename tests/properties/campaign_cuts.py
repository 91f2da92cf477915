"""Plays that fall over in the middle, and what they may have left: nothing."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from django.apps import apps
from django.db import OperationalError, connection

from banyan.campaigns.actions import applying
from banyan.campaigns.effects import Effect
from tests.properties.commerce_floor import Cut

TABLES = sorted(
    {model._meta.db_table for model in apps.get_app_config("campaigns").get_models()}
    | {"chat_message", "entitlements_coupon", "entitlements_grant", "entitlements_priceright"}
    | {"kernel_boundedcounter", "kernel_event", "kernel_statechange", "ledger_account"}
    | {"ledger_journal", "ledger_posting", "notify_notification", "orders_order"}
)
"""What a play can write to."""


class Faults(logging.Handler):
    """What jobs write down as a fault."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.told.append(record.getMessage())


@contextlib.contextmanager
def falling_over_after(effects: int) -> Iterator[None]:
    """Let the act fall over once so many effects are applied, inside its transaction."""
    step, left = applying._apply, effects

    def counted(effect: Effect, stage: applying.Stage) -> None:
        nonlocal left
        step(effect, stage)
        left -= 1
        if left == 0:
            raise Cut

    applying._apply = counted  # type: ignore[assignment]
    try:
        yield
    finally:
        applying._apply = step


def everything() -> dict[str, str | None]:
    """Return a fingerprint of every table that a play can write to, by its name."""
    parts = [
        f"SELECT '{name}', md5(string_agg(t::text, '' ORDER BY t::text)) FROM \"{name}\" t"
        for name in TABLES
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return dict(cursor.fetchall())


def fell_over(cut: Callable[[], AbstractContextManager[None]], call: Callable[[], object]) -> bool:
    """Do something under a cut; tell whether it fell over."""
    try:
        with cut():
            call()
    except (Cut, OperationalError):
        return True
    return False
