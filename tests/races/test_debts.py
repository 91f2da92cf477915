"""Two who book a shop's debt as paid at the same moment: no more is booked than is owed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from banyan.earnings import actions
from banyan.earnings.access import get_balance_for
from banyan.earnings.actions import debts
from banyan.ledger import proof
from banyan.ledger.models import Account as Book
from tests.earnings.shop_money import TILL, owed
from tests.earnings.test_debts import book_of, in_debt
from tests.payments.fixtures import till_settings
from tests.support.threads import run_at_once

__all__ = ["till_settings"]
PRESSES = 4


@pytest.fixture(autouse=True)
def _by_hand(threaded_db: None, till_settings: None, settings: Any) -> Iterator[None]:
    settings.PAYMENT_PROVIDERS = ["hand", *settings.PAYMENT_PROVIDERS]
    yield
    assert proof.verify().clean


def _rush(book: Book) -> list[Any]:
    """Book 15.00 of the debt with each of four forms at once."""
    return run_at_once(
        *(
            lambda n=n: actions.receive_debt(
                actor=TILL, book_id=book.pk, amount=1_500, bank_ref="R", reason="x", key=f"k{n}"
            )
            for n in range(PRESSES)
        )
    )


def test_no_more_is_booked_than_is_owed() -> None:
    shop = in_debt(4_000)
    results = _rush(book_of(shop))
    assert sum(isinstance(one, Book) for one in results) == 2, results
    assert owed(shop) == -1_000


def test_control_who_decides_by_what_was_read_before_books_too_much(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = in_debt(4_000)
    together, read = threading.Barrier(PRESSES, timeout=60), get_balance_for

    def read_together(*asked: Any) -> Book:
        book = read(*asked)
        together.wait()
        return book

    monkeypatch.setattr(debts, "get_balance_for", read_together)
    monkeypatch.setattr(Book, "refresh_from_db", lambda self: None)
    _rush(book_of(shop))
    assert owed(shop) == PRESSES * 1_500 - 4_000
