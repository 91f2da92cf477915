"""The proof finds every kind of drift that can be planted, and nothing where there is none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.core.management import call_command
from django.db import connection

from banyan.ledger import actions, proof
from banyan.ledger.models import Account, Journal, Snapshot

from .books import TESTER, account, post

pytestmark = pytest.mark.django_db


@contextmanager
def _tampering() -> Iterator[Callable[..., None]]:
    """Run SQL past triggers and foreign keys, as somebody with the database's password could."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield cursor.execute
        cursor.execute("SET LOCAL session_replication_role = origin")


def _books() -> tuple[Account, Account, Journal]:
    clearing, shop = account("clearing"), account("shop_payable")
    journal = post((clearing, -100), (shop, 100))
    actions.reverse_share(
        key="r:1",
        journal=journal,
        part=1,
        whole=4,
        kind="reversal",
        subject_kind="order",
        subject_id=1,
        actor=TESTER,
    )
    return clearing, shop, journal


def test_untouched_books_are_clean_and_counted() -> None:
    _books()
    report = proof.verify()
    assert report.clean
    assert (report.accounts, report.journals, report.postings) == (2, 2, 4)
    assert report.totals == {"CNY": 0}


PLANTS: dict[str, str] = {
    "running_balance": "UPDATE ledger_account SET balance = balance + 1 WHERE id = {shop}",
    "journal_unbalanced": (
        "UPDATE ledger_posting SET amount = amount + 1"
        " WHERE journal_id = {journal} AND account_id = {clearing}"
    ),
    "journal_empty": "DELETE FROM ledger_posting WHERE journal_id = {journal}",
    "posting_currency": "UPDATE ledger_posting SET currency = 'USD' WHERE journal_id = {journal}",
    "snapshot": (
        "INSERT INTO ledger_snapshot (account_id, up_to, balance, created_at)"
        " SELECT {clearing}, max(id), -76, now() FROM ledger_posting"
    ),
    "over_reversed": (
        "UPDATE ledger_posting SET amount = sign(amount) * 101"
        " WHERE journal_id IN (SELECT id FROM ledger_journal WHERE reverses_id = {journal})"
    ),
    "currency_total": (
        "INSERT INTO ledger_posting (journal_id, account_id, amount, currency)"
        " VALUES ({journal}, {shop}, 3, 'EUR')"
    ),
}


@pytest.mark.parametrize("kind", PLANTS)
def test_a_planted_drift_is_found_by_its_name(kind: str) -> None:
    clearing, shop, journal = _books()
    with _tampering() as execute:
        execute(PLANTS[kind].format(clearing=clearing.pk, shop=shop.pk, journal=journal.pk))
    assert kind in {drift.kind for drift in proof.verify().drifts}


@pytest.mark.parametrize(
    ("kind", "discipline", "constraint"),
    [
        ("guarded_below_zero", "guarded", "ledger_account_guarded"),
        ("hot_has_balance", "hot", "ledger_account_hot"),
    ],
)
def test_a_drift_behind_a_check_is_found_when_the_check_is_gone(
    kind: str, discipline: str, constraint: str
) -> None:
    name = "wallet" if discipline == "guarded" else "clearing"
    planted = account(name)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE ledger_account DROP CONSTRAINT {constraint}")
        cursor.execute("UPDATE ledger_account SET balance = -1 WHERE id = %s", [planted.pk])
    (drift,) = [drift for drift in proof.verify().drifts if drift.kind == kind]
    assert (drift.subject_id, drift.expected, drift.found) == (planted.pk, 0, -1)


def test_every_check_has_a_planted_drift() -> None:
    assert set(PLANTS) | {"guarded_below_zero", "hot_has_balance"} == {
        *proof.CHECKS,
        "currency_total",
    }


def test_the_command_is_silent_about_clean_books(capsys: pytest.CaptureFixture[str]) -> None:
    _books()
    call_command("ledger_verify")
    assert capsys.readouterr().out.splitlines()[-1] == "clean"


def test_the_command_exits_1_on_drift_and_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    _, shop, _ = _books()
    with _tampering() as execute:
        execute(f"UPDATE ledger_account SET balance = 1 WHERE id = {shop.pk}")
    with pytest.raises(SystemExit) as left:
        call_command("ledger_verify", "--format", "json")
    assert left.value.code == 1
    told = json.loads(capsys.readouterr().out)
    assert told["clean"] is False
    assert told["drifts"] == [
        {
            "kind": "running_balance",
            "subject_id": str(shop.pk),
            "expected": 75,
            "found": 1,
            "note": "shop_payable CNY",
        }
    ]
    with pytest.raises(SystemExit):
        call_command("ledger_verify")
    assert f"DRIFT running_balance {shop.pk}" in capsys.readouterr().out


def test_snapshots_are_taken_once_there_is_something_to_sum() -> None:
    assert actions.take_snapshots(at_least=1) == 0
    assert not Snapshot.objects.exists()
