"""What is booked stays booked: the database itself refuses to change a journal."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction

from banyan.ledger.models import Journal, Posting

from .books import account, post

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "change",
    [
        lambda: Journal.objects.update(memo="another story"),
        lambda: Posting.objects.filter(amount__gt=0).update(amount=6),
        lambda: Posting.objects.all()._raw_delete("default"),
        lambda: Journal.objects.all()._raw_delete("default"),
    ],
    ids=["journal updated", "posting updated", "postings deleted", "journal deleted"],
)
def test_a_booked_row_cannot_be_changed(change: Callable[[], object]) -> None:
    clearing, shop = account("clearing"), account("shop_payable")
    post((clearing, -5), (shop, 5), memo="the story")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        change()
    assert list(Posting.objects.order_by("amount").values_list("amount", flat=True)) == [-5, 5]
    assert Journal.objects.get().memo == "the story"


def _insert(rows: list[tuple[int, int, int]]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_posting (journal_id, account_id, amount, currency)"
            " SELECT *, 'CNY' FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[])",
            [list(column) for column in zip(*rows, strict=True)],
        )


def test_postings_that_do_not_add_up_are_refused_below_python() -> None:
    clearing, shop = account("clearing"), account("shop_payable")
    journal = post((clearing, -5), (shop, 5))
    with pytest.raises(IntegrityError, match="add up"):
        _insert([(journal.pk, shop.pk, 7), (journal.pk, clearing.pk, -6)])


def test_a_journal_cannot_be_extended_even_by_postings_that_add_up() -> None:
    clearing, shop = account("clearing"), account("shop_payable")
    journal = post((clearing, -5), (shop, 5))
    with pytest.raises(IntegrityError, match="already had some"):
        _insert([(journal.pk, shop.pk, 7), (journal.pk, clearing.pk, -7)])
    assert Posting.objects.count() == 2
