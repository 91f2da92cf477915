"""An unchanged installation skips its preparation; any changed input brings it back."""

from pathlib import Path

import pytest

from banyan.ops import assets, preparation
from banyan.ops.assets import note_collected, static_inputs_seal
from banyan.ops.environment import Surroundings
from banyan.ops.preparation import Preparation, noted_logins


@pytest.fixture
def prepared(tmp_path: Path) -> Surroundings:
    """An installation whose last preparation is complete."""
    surroundings = Surroundings.read({"BANYAN_VAR": str(tmp_path)})
    for folder in (surroundings.data_dir, surroundings.static_root):
        folder.mkdir()
    (surroundings.data_dir / "PG_VERSION").write_text("18")
    note_collected(surroundings.static_root, static_inputs_seal())
    Preparation.of(surroundings).note(surroundings, logins="ana@example.com 1234")
    return surroundings


def is_current(surroundings: Surroundings) -> bool:
    return Preparation.of(surroundings).is_current(surroundings)


def test_an_unchanged_installation_is_current_and_knows_the_logins(prepared: Surroundings) -> None:
    assert is_current(prepared)
    assert noted_logins(prepared) == "ana@example.com 1234"


def test_a_new_installation_is_not_current(tmp_path: Path) -> None:
    surroundings = Surroundings.read({"BANYAN_VAR": str(tmp_path)})
    assert not is_current(surroundings)
    assert noted_logins(surroundings) == ""


def test_a_new_migration_a_new_cluster_lost_files_or_another_wish_for_the_demo_are_changes(
    prepared: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(preparation, "schema_inputs_seal", lambda: "another")
        assert not is_current(prepared)
    without_demo = Surroundings.read({"BANYAN_VAR": str(prepared.var), "BANYAN_DEMO": "0"})
    assert not is_current(without_demo)
    assert is_current(prepared)

    version = prepared.data_dir / "PG_VERSION"
    version.rename(version.with_name("old"))
    assert not is_current(prepared)
    version.write_text("18")
    assert not is_current(prepared)
    version.with_name("old").replace(version)
    assert is_current(prepared)

    (prepared.static_root / assets.STAMP).unlink()
    assert not is_current(prepared)


def test_a_database_of_somebody_else_is_never_taken_for_current(prepared: Surroundings) -> None:
    named = Surroundings.read(
        {"BANYAN_VAR": str(prepared.var), "DATABASE_URL": "postgresql://db.example/banyan"}
    )
    assert not is_current(named)


def test_a_broken_note_is_no_note(prepared: Surroundings) -> None:
    (prepared.var / "prepared.json").write_text("{")
    assert not is_current(prepared)
    assert noted_logins(prepared) == ""


def test_the_schema_seal_follows_the_migrations(tmp_path: Path) -> None:
    folder = tmp_path / "orders" / "migrations"
    folder.mkdir(parents=True)
    (folder / "0001_initial.py").write_text("")
    before = assets.schema_inputs_seal(tmp_path)
    assert assets.schema_inputs_seal(tmp_path) == before
    (folder / "0002_more.py").write_text("")
    assert assets.schema_inputs_seal(tmp_path) != before
