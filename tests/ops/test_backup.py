"""A backup holds everything, made while people write; it comes back whole or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.test import override_settings

from banyan import __version__
from banyan.kernel import keyrings
from banyan.kernel.keyrings import Ring
from banyan.ops.backup import CONTENTS, DUMP, FILES, _unpack, backup, restore
from banyan.ops.environment import SetupError, Surroundings
from banyan.ops.postgres import EmbeddedPostgres, TemporaryPostgres
from tests.support.clusters import put_cluster


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A folder that every user may enter, as the database's own user must."""
    temporary = TemporaryPostgres()
    temporary.home.mkdir(parents=True, exist_ok=True)
    yield temporary.home
    temporary.stop()


def installation(var: Path) -> Surroundings:
    return Surroundings.read({"BANYAN_VAR": str(var)})


@pytest.fixture(scope="module")
def kept(home: Path) -> Path:
    """A backup of an installation with a row, a picture and a secret."""
    var = home / "shop"
    with EmbeddedPostgres(put_cluster(var / "postgres")) as server:
        server.ensure_database()
        with psycopg.connect(server.dsn()) as connection:
            connection.execute("CREATE TABLE sale (id int, cents bigint)")
            connection.execute("INSERT INTO sale VALUES (1, 1999)")
            connection.execute("CREATE TABLE notify_pushkey (private bytea)")
            with override_settings(SECRET_KEY="secret", SECRET_KEY_FALLBACKS=[]):
                sealed = keyrings.seal(Ring.PUSH, b"the private half")
            connection.execute("INSERT INTO notify_pushkey VALUES (%s)", [sealed])
        (var / "media").mkdir()
        (var / "media" / "cup.webp").write_bytes(b"picture")
        (var / "secrets").mkdir(mode=0o700)
        (var / "secrets" / "key").write_text("secret")
        backup(installation(var), home / "kept")
    return home / "kept"


def rows(var: Path) -> list[tuple[int, int]]:
    with (
        EmbeddedPostgres(var / "postgres") as server,
        psycopg.connect(server.dsn()) as connection,
    ):
        return connection.execute("SELECT id, cents FROM sale").fetchall()


def test_a_backup_comes_back_as_it_was(home: Path, kept: Path) -> None:
    var = home / "again"
    put_cluster(var / "postgres")

    restore(installation(var), kept)

    assert rows(var) == [(1, 1999)]
    assert (var / "media" / "cup.webp").read_bytes() == b"picture"
    assert (var / "secrets" / "key").read_text() == "secret"
    assert kept.stat().st_mode & 0o077 == 0


def went_through(home: Path, name: str, *migrations: tuple[str, str]) -> Path:
    """A backup of a database with these migrations."""
    var = home / name
    with EmbeddedPostgres(put_cluster(var / "postgres")) as server:
        server.ensure_database()
        with psycopg.connect(server.dsn()) as connection:
            connection.execute(
                "CREATE TABLE django_migrations (id int PRIMARY KEY, app varchar(255),"
                " name varchar(255), applied timestamptz DEFAULT now())"
            )
            for number, (app, migration) in enumerate(migrations):
                connection.execute(
                    "INSERT INTO django_migrations (id, app, name) VALUES (%s, %s, %s)",
                    [number, app, migration],
                )
        backup(installation(var), home / f"kept-{name}")
    return home / f"kept-{name}"


def test_a_backup_of_a_newer_version_is_refused_before_anything_is_written(home: Path) -> None:
    kept = went_through(home, "newer", ("people", "0001_initial"), ("people", "0999_wings"))
    contents = json.loads((kept / CONTENTS).read_text())
    (kept / CONTENTS).write_text(json.dumps({**contents, "banyan": "9.1"}))
    var = home / "newer-again"

    with pytest.raises(SetupError, match=r"9\.1 made it, and .* know people\.0999_wings\.") as told:
        restore(installation(var), kept)

    assert __version__ in str(told.value)
    assert "0001_initial" not in str(told.value)
    assert not var.exists()


def test_a_backup_whose_migrations_are_all_known_comes_back(home: Path) -> None:
    kept = went_through(home, "older", ("people", "0001_initial"), ("auth", "0001_initial"))
    var = home / "older-again"
    put_cluster(var / "postgres")

    restore(installation(var), kept)

    with (
        EmbeddedPostgres(var / "postgres") as server,
        psycopg.connect(server.dsn()) as connection,
    ):
        assert connection.execute("SELECT count(*) FROM django_migrations").fetchall() == [(2,)]


def test_pictures_on_another_disk_are_in_it(home: Path) -> None:
    var, disk = home / "linked", home / "disk"
    put_cluster(var / "postgres")
    (disk / "seal").mkdir(parents=True)
    (disk / "cup.webp").write_bytes(b"picture")
    (disk / "old").symlink_to(disk / "seal")
    (disk / "seal" / "cat.webp").hardlink_to(disk / "cup.webp")
    (var / "media").symlink_to(disk)
    backup(installation(var), home / "kept-linked")

    again = home / "linked-again"
    put_cluster(again / "postgres")
    restore(installation(again), home / "kept-linked")

    assert not (again / "media").is_symlink()
    for name in ("cup.webp", "seal/cat.webp", "old/cat.webp"):
        assert (again / "media" / name).read_bytes() == b"picture", name


def test_a_file_that_goes_while_files_are_copied_keeps_no_backup_from_being_made(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    var = home / "busy"
    put_cluster(var / "postgres")
    (var / "spool").mkdir()
    for name in ("1", "2", "3"):
        (var / "spool" / name).write_text("a touch")
    look = tarfile.TarFile.gettarinfo

    def loaded_meanwhile(
        archive: tarfile.TarFile, name: Any = None, *rest: Any, **more: Any
    ) -> Any:
        if Path(name or "").name == "1":
            (var / "spool" / "2").unlink()
        return look(archive, name, *rest, **more)

    monkeypatch.setattr(tarfile.TarFile, "gettarinfo", loaded_meanwhile)

    backup(installation(var), home / "kept-busy")

    with tarfile.open(home / "kept-busy" / FILES) as archive:
        assert archive.getnames() == ["spool", "spool/1", "spool/3"]


def test_one_that_broke_off_is_begun_anew(home: Path) -> None:
    var = home / "anew"
    put_cluster(var / "postgres")
    broken = home / ".kept-anew.part"
    broken.mkdir()
    (broken / "half").write_text("a dump")

    backup(installation(var), home / "kept-anew")

    assert not broken.exists()
    assert {each.name for each in (home / "kept-anew").iterdir()} == {DUMP, FILES, CONTENTS}


def test_the_keys_of_web_push_come_back_with_the_secret_that_opens_them(
    home: Path, kept: Path
) -> None:
    var = home / "pushes"
    put_cluster(var / "postgres")

    restore(installation(var), kept)

    with (
        EmbeddedPostgres(var / "postgres") as server,
        psycopg.connect(server.dsn()) as connection,
    ):
        [(sealed,)] = connection.execute("SELECT private FROM notify_pushkey").fetchall()
    secret = (var / "secrets" / "key").read_text()
    with override_settings(SECRET_KEY=secret, SECRET_KEY_FALLBACKS=[]):
        assert keyrings.unseal(Ring.PUSH, sealed) == b"the private half"
    with (
        override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[]),
        pytest.raises(keyrings.BadSeal),
    ):
        keyrings.unseal(Ring.PUSH, sealed)


def test_a_database_with_tables_is_left_alone(home: Path, kept: Path) -> None:
    var = home / "in-use"
    with EmbeddedPostgres(put_cluster(var / "postgres")) as server:
        server.ensure_database()
        with psycopg.connect(server.dsn()) as connection:
            connection.execute("CREATE TABLE sale (id int, cents bigint)")

    with pytest.raises(SetupError, match="not empty"):
        restore(installation(var), kept)

    assert rows(var) == []
    assert not (var / "media").exists()


def test_pictures_that_are_there_are_not_mixed_with_others(home: Path, kept: Path) -> None:
    var = home / "pictures"
    (var / "media").mkdir(parents=True)

    with pytest.raises(SetupError, match="holds media already"):
        restore(installation(var), kept)


@pytest.mark.parametrize("name", [DUMP, FILES])
def test_a_damaged_backup_is_refused_before_anything_is_written(
    home: Path, kept: Path, name: str
) -> None:
    copy = home / f"damaged-{name}"
    copy.mkdir()
    for each in kept.iterdir():
        (copy / each.name).write_bytes(each.read_bytes())
    (copy / name).write_bytes((copy / name).read_bytes()[:-1] + b"?")

    with pytest.raises(SetupError, match=f"damaged: {name}"):
        restore(installation(home / "never"), copy)

    assert not (home / "never").exists()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../outside", tarfile.REGTYPE),
        ("/tmp/outside", tarfile.REGTYPE),
        ("media/../../outside", tarfile.REGTYPE),
        ("media/link", tarfile.SYMTYPE),
        ("media/pipe", tarfile.FIFOTYPE),
    ],
)
def test_what_no_backup_of_ours_holds_is_not_unpacked(
    tmp_path: Path, name: str, kind: bytes
) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("media/good.webp"))
        other = tarfile.TarInfo(name)
        other.type = kind
        archive.addfile(other)
    made.seek(0)

    with tarfile.open(fileobj=made) as archive, pytest.raises(SetupError, match=name):
        _unpack(archive, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_with_files_that_no_backup_of_ours_holds_the_database_stays_empty(
    home: Path, kept: Path
) -> None:
    copy, var = home / "foreign", home / "foreign-var"
    put_cluster(var / "postgres")
    copy.mkdir()
    for each in kept.iterdir():
        (copy / each.name).write_bytes(each.read_bytes())
    with tarfile.open(copy / FILES, "w") as archive:
        link = tarfile.TarInfo("media")
        link.type, link.linkname = tarfile.SYMTYPE, "/srv/pictures"
        archive.addfile(link)
    contents = json.loads((copy / CONTENTS).read_text())
    contents["sha256"][FILES] = hashlib.sha256((copy / FILES).read_bytes()).hexdigest()
    (copy / CONTENTS).write_text(json.dumps(contents))

    with pytest.raises(SetupError, match="holds media, which no backup of ours does"):
        restore(installation(var), copy)

    left = sorted(each.name for each in var.iterdir())
    assert left == ["postgres", "postgres.log"]
    restore(installation(var), kept)
    assert rows(var) == [(1, 1999)]


@pytest.mark.parametrize("told", ["[]", "null", '{"sha256": 1}'])
def test_contents_that_say_something_else_are_no_backup(tmp_path: Path, told: str) -> None:
    (tmp_path / CONTENTS).write_text(told)
    with pytest.raises(SetupError, match="is not a backup"):
        restore(installation(tmp_path / "never"), tmp_path)


def test_a_folder_that_is_no_backup_is_named(home: Path) -> None:
    with pytest.raises(SetupError, match="is not a backup"):
        restore(installation(home / "never"), home)


def test_an_earlier_backup_is_never_overwritten(home: Path, kept: Path) -> None:
    with pytest.raises(SetupError, match="a folder of its own"):
        backup(installation(home / "shop"), kept)
