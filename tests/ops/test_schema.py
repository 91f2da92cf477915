"""Code is not set onto a schema that is newer than itself."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from banyan import __version__
from banyan.ops import prepare
from banyan.ops.environment import SetupError
from banyan.ops.schema import known_elsewhere, known_migrations, unknown


@pytest.mark.django_db
def test_a_database_that_this_code_migrated_is_known() -> None:
    applied = MigrationRecorder(connection).applied_migrations()

    assert unknown(applied, known_migrations()) == ""
    assert known_elsewhere() == known_migrations()


@pytest.mark.django_db
def test_a_database_of_a_newer_version_is_left_alone() -> None:
    MigrationRecorder(connection).record_applied("orders", "0999_from_tomorrow")

    with pytest.raises(SetupError, match=r"orders\.0999_from_tomorrow") as told:
        prepare.migrate()

    assert f"version {__version__}" in str(told.value)


def test_a_long_list_is_cut_short() -> None:
    applied = [("orders", f"0{number}_more") for number in range(901, 909)]

    assert unknown(applied, set()) == (
        "orders.0901_more, orders.0902_more, orders.0903_more, orders.0904_more,"
        " orders.0905_more, and 3 more"
    )
