"""Every row that is written is entered into each index: none that repeats another one."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader

_REPEATED = """
SELECT indrelid::regclass::text, index.indexrelid::regclass::text
FROM pg_index AS index
JOIN pg_index AS longer USING (indrelid)
WHERE longer.indexrelid <> index.indexrelid
  AND index.indnkeyatts = 1 AND index.indkey[0] <> 0 AND NOT index.indisunique
  AND index.indpred IS NULL AND longer.indpred IS NULL
  AND longer.indkey[0] = index.indkey[0] AND longer.indclass[0] = index.indclass[0]
  AND indrelid::regclass::text = ANY(%s)
"""
# Written once or more for every order.
HOT = (
    *("catalog_stockmovement", "earnings_commission", "kernel_event", "kernel_statechange"),
    *("ledger_journal", "ledger_posting", "notify_message", "notify_notification"),
    *("orders_checkout", "orders_order", "orders_orderline"),
    *("payments_attempt", "payments_intent", "payments_providermessage"),
)


@pytest.mark.django_db
def test_no_index_of_what_every_order_writes_begins_like_a_longer_one() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_REPEATED, [list(HOT)])
        assert cursor.fetchall() == []


@pytest.mark.django_db
def test_what_is_written_and_never_searched_by_its_beginning_has_no_index_for_that() -> None:
    """Two are searched so: placement keys of one browser, and the messages of one thing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = ANY(%s) AND indexname LIKE %s",
            [list(HOT), r"%\_like"],
        )
        found = {name.rsplit("_", 2)[0] for (name,) in cursor.fetchall()}
    assert found == {"orders_checkout_placement_key", "notify_message_key"}


def test_the_tables_are_there() -> None:
    tables = {model._meta.db_table for model in apps.get_models()}
    assert set(HOT) <= tables


@pytest.mark.usefixtures("threaded_db")  # indexes are dropped outside a transaction
@pytest.mark.parametrize(
    ("app", "before", "after"),
    [
        ("catalog", "0004_pictures_by_address", "0005_one_index_per_question"),
        ("earnings", "0001_initial", "0002_one_index_per_question"),
        ("ledger", "0002_append_only", "0003_one_index_per_question"),
        ("notify", "0001_initial", "0002_one_index_per_question"),
        ("orders", "0002_phone_tails", "0003_one_index_per_question"),
        ("payments", "0002_count_repeated_messages", "0003_one_index_per_question"),
    ],
)
def test_giving_an_index_up_can_be_taken_back(app: str, before: str, after: str) -> None:
    """By itself: undoing all that came later first would take a minute a case."""

    def indexes() -> set[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = ANY(%s)", [list(HOT)])
            return {definition for (definition,) in cursor.fetchall()}

    loader = MigrationLoader(connection)
    migration = loader.get_migration(app, after)
    given_up = indexes()
    try:
        with connection.schema_editor(atomic=migration.atomic) as editor:
            migration.unapply(loader.project_state([(app, before)]), editor)
        assert indexes() > given_up
    finally:
        with connection.schema_editor(atomic=migration.atomic) as editor:
            migration.apply(loader.project_state([(app, before)]), editor)
    assert indexes() == given_up
