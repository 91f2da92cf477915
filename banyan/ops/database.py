"""Whichever database this installation uses, ready to be connected to.

``DATABASE_URL`` names a server that somebody else runs; without it the embedded one is used:
attached to when it runs, started for as long as it is needed when it does not.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from banyan.config.session import SESSION_NAME
from banyan.ops.environment import Surroundings
from banyan.ops.postgres import ROLE, SUPERUSER, EmbeddedPostgres
from banyan.ops.progress import say, step


@contextmanager
def database_for(surroundings: Surroundings) -> Iterator[str]:
    """Yield the address of a reachable database for the length of the block.

    An embedded server that we started is stopped afterwards, but not before others that have
    attached to it in the meantime are done.
    """
    if surroundings.database_url:
        yield surroundings.database_url
        return
    server = EmbeddedPostgres(surroundings.data_dir)
    with step("Starting the database"):
        server.start_or_attach()
    try:
        server.ensure_database()
        yield server.dsn()
        _wait_for_guests(server)
    finally:
        server.stop()


def release_connections() -> None:
    """End every session that Django holds in this process, pooled ones included."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()


def _wait_for_guests(server: EmbeddedPostgres) -> None:
    """Wait until nobody else is connected to a server that ends with us."""
    if not server.owned:
        return
    told = False
    while guests := _guests(server):
        # The server takes a moment to see that a session has ended: ours are nobody else's.
        if not told and guests != {SESSION_NAME}:
            say("Waiting for other commands that use this database (Ctrl-C ends them) ...")
            told = True
        time.sleep(0.2)


def _guests(server: EmbeddedPostgres) -> set[str]:
    """Return what the sessions of the application's database are called."""
    import psycopg

    question = (
        "SELECT application_name FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND datname = %s AND pid <> pg_backend_pid()"
    )
    with psycopg.connect(server.dsn(SUPERUSER, user=SUPERUSER), autocommit=True) as connection:
        return {name for (name,) in connection.execute(question, [ROLE])}
