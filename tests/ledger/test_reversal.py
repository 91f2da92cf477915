"""Reversing a share of a stored journal: exact in total, from wherever the money is by now."""

from __future__ import annotations

import pytest

from banyan.ledger import actions, proof, queries
from banyan.ledger.models import Journal
from banyan.ledger.problems import JournalKeyReused

from .books import TESTER, account, post

pytestmark = pytest.mark.django_db


def _reverse(
    key: str, journal: Journal, part: int, whole: int, instead: dict[int, int] | None = None
) -> Journal | None:
    return actions.reverse_share(
        key=key,
        journal=journal,
        part=part,
        whole=whole,
        kind="reversal",
        subject_kind="order_refund",
        subject_id=1,
        actor=TESTER,
        instead=instead,
    )


def test_thirds_of_a_hundred_sum_to_a_hundred() -> None:
    shop, held = account("shop_payable"), account("earner_held")
    journal = post((shop, -100), (held, 100))
    left = []
    for part in (1, 2, 3):
        _reverse(f"r:{part}", journal, part, 3)
        left.append(queries.balance(held).amount)
    assert left == [67, 33, 0]
    assert queries.balance(shop).amount == 0
    assert proof.verify().clean


def test_the_reversal_names_what_it_reverses_and_can_be_said_twice() -> None:
    shop, held = account("shop_payable"), account("earner_held")
    journal = post((shop, -100), (held, 100))
    first = _reverse("r:1", journal, 40, 100)
    assert first is not None
    assert first.reverses_id == journal.pk
    assert _reverse("r:1", journal, 40, 100) == first
    assert queries.balance(held).amount == 60


def test_a_reversal_key_of_another_journal_is_refused() -> None:
    shop, held = account("shop_payable"), account("earner_held")
    first, second = (post((shop, -100), (held, 100)) for _ in range(2))
    _reverse("r:1", first, 1, 2)
    with pytest.raises(JournalKeyReused):
        _reverse("r:1", second, 1, 2)


def test_money_that_moved_on_is_taken_from_where_it_is() -> None:
    shop, held, payable = (
        account("shop_payable"),
        account("earner_held"),
        account("earner_payable"),
    )
    journal = post((shop, -99), (held, 99))
    _reverse("r:1", journal, 1, 3)
    post((held, -66), (payable, 66))
    _reverse("r:2", journal, 2, 3, {held.pk: payable.pk})
    _reverse("r:3", journal, 3, 3, {held.pk: payable.pk})
    assert [queries.balance(a).amount for a in (shop, held, payable)] == [0, 0, 0]
    assert proof.verify().clean


def test_a_part_that_rounds_to_nothing_books_nothing() -> None:
    shop, held = account("shop_payable"), account("earner_held")
    journal = post((shop, -1), (held, 1))
    assert _reverse("r:1", journal, 1, 3) is None
    assert Journal.objects.count() == 1


def test_more_than_the_whole_cannot_be_reversed() -> None:
    shop, held = account("shop_payable"), account("earner_held")
    journal = post((shop, -10), (held, 10))
    with pytest.raises(ValueError, match="no part of"):
        _reverse("r:1", journal, 11, 10)
