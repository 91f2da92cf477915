"""Database clusters for tests that start servers of their own: made once, then copied."""

from __future__ import annotations

import atexit
import functools
import subprocess
from pathlib import Path

from banyan.ops.postgres import FAST_SETTINGS, EmbeddedPostgres, TemporaryPostgres
from tests.support.template import load_schema


@functools.cache
def _pattern() -> Path:
    home = TemporaryPostgres()
    atexit.register(home.stop)
    pattern = EmbeddedPostgres(home.home / "pattern", durable_initdb=False)
    pattern.ensure_initdb()
    return pattern.data_dir


def put_cluster(data_dir: Path) -> Path:
    """Put a cluster where a server will look for one, as ``initdb`` leaves it; return the place.

    A copy takes a fifth of the time, and the tests of making one make it themselves.
    """
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", str(_pattern()), str(data_dir)], check=True)
    return data_dir


def put_schema(data_dir: Path) -> None:
    """Bring the schema into a cluster from where the workers of this run have theirs.

    Migrating there would do the same, and take as long again as everything else; it is what the
    server's own start does where no dump could be made.
    """
    with EmbeddedPostgres(data_dir, settings=FAST_SETTINGS) as server:
        server.ensure_database()
        load_schema(server.dsn())
