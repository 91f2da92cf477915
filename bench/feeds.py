"""``python -m bench.feeds``: pages of feeds at 1,000,000 members and 20,000,000 follows.

Fills a database of its own (``bench.crowds``), then asks it through the whole application, in
this process and one page at a time: so the figures are server time, from the request to the last
byte of the page. ``--scale 0.01`` makes everything but the readers a hundred times smaller. Ends
with 1 on a missed bound.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from bench import report

# Milliseconds of server time, by how many a reader follows; and seconds until fans see a post.
P95 = {300: 50.0, 5_000: 80.0}
SEEN_WITHIN = 2.0
ROUNDS, WARM_UP, FANS_ASKED = 60, 5, 20


def main(arguments: list[str]) -> int:
    """Fill, ask, print; an exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.feeds")
    parser.add_argument("--scale", type=float, default=1.0, help="1 is 1 M members, 20 M follows")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args(arguments)
    from banyan.ops.postgres import TemporaryPostgres

    with TemporaryPostgres() as server, tempfile.TemporaryDirectory(dir="/tmp") as var:
        os.environ.update(
            DATABASE_URL=server.dsn(), BANYAN_VAR=var, BANYAN_ENV="development",
            DJANGO_SETTINGS_MODULE="banyan.config.settings", BANYAN_SECRET_KEY="bench" * 10,
        )  # fmt: skip
        import django

        from banyan.ops.environment import Surroundings
        from banyan.ops.prepare import collect_static, migrate

        django.setup()
        collect_static(Surroundings.read())
        migrate()
        return _measure(options.scale, options.rounds)


def _measure(scale: float, rounds: int) -> int:
    from django.db import connection

    from bench.crowds import Crowd

    table = report.Table()
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0]
    print("\n" + report.facts(f"PostgreSQL {version}", "fsync=off, one connection, members"))
    table.head("the database")
    crowd = Crowd(scale)
    table.row("filled in", _milliseconds(crowd.fill) / 1000, "s")
    with connection.cursor() as cursor:
        for name in ("people_account", "people_follow", "community_post", "community_postimage"):
            cursor.execute(f"SELECT count(*) FROM {name}")
            table.row(name, cursor.fetchone()[0], "rows")
        cursor.execute("SELECT pg_database_size(current_database()) / 1e6")
        table.row("size", float(cursor.fetchone()[0]), "MB")
    for follows, reader in crowd.readers.items():
        _pages(table, follows, reader, rounds)
    _seen_by_fans(table, crowd)
    for missed in table.missed:
        print(f"MISSED  {missed}")
    return 1 if table.missed else 0


def _pages(table: report.Table, follows: int, reader: int, rounds: int) -> None:
    """Ask a reader's pages in turn: the newest of whom they follow, further down, and discovery."""
    table.head(f"a member who follows {follows:,}, {rounds} of each page")
    client = _browser(reader)
    third = _further(client, "/", pages=2)
    for name, path, bound in (
        ("following", "/", P95[follows]),
        ("following, third page", "/" + third, P95[follows]),
        ("friends", "/moments", None),
        ("nearby", "/near", None),
        ("discover, ranked anew", "/explore", None),
    ):
        taken = [_milliseconds(partial(_get, client, path)) for _ in range(WARM_UP + rounds)]
        ranked = sorted(taken[WARM_UP:])
        p50, p95 = (ranked[int(part * (len(ranked) - 1))] for part in (0.5, 0.95))
        note = f"p50 {p50:.1f}, longest {ranked[-1]:.1f}; {_statements(client, path)} statements"
        if bound is None:
            table.row(name, p95, "ms p95", note)
        else:
            table.held(name, p95, "ms p95", p95 < bound, f"< {bound:.0f}; {note}")


def _seen_by_fans(table: report.Table, crowd: Any) -> None:
    """Publish a post by somebody widely followed, and open fans' own feeds while others are told.

    The clock runs from before the publishing until the last of the asked fans has the page with
    the post in hand; at the same time another thread tells all who asked to hear of every post.
    """
    from banyan.community import actions as community
    from banyan.community.models import Post
    from banyan.kernel.actors import Actor
    from banyan.media.models import Image

    table.head(f"a post by a member whom {crowd.fans:,} follow")
    browsers = [_browser(fan) for fan in crowd.some_fans(FANS_ASKED)]
    for browser in browsers:
        _get(browser, "/")
    star = Actor(kind="member", id=crowd.star)
    picture = Image.objects.order_by("pk")[0]
    began = time.monotonic()
    post: Post = community.publish_post(actor=star, images=[picture], title="News")
    published = time.monotonic() - began
    with ThreadPoolExecutor(1) as beside:
        telling = beside.submit(_tell_fans, post)
        missing = sum(f"/p/{post.pk}" not in _get(browser, "/") for browser in browsers)
        seen = time.monotonic() - began
        took, batches, statements, told = telling.result()
    table.row("published", published * 1000, "ms", "whatever the number of fans")
    table.held(
        f"seen by each of {FANS_ASKED} fans, one after another", seen, "s",
        not missing and seen < SEEN_WITHIN, f"< {SEEN_WITHIN:.0f}; {missing} without it",
    )  # fmt: skip
    table.row(
        "meanwhile told of it", took, "s",
        f"{told:,} fans; {batches} batches, {statements} statements each at most",
    )  # fmt: skip


def _tell_fans(post: Any) -> tuple[float, int, int, int]:
    """Tell every fan who asked, as the job does; seconds, batches, most statements, how many."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from banyan.community import actions as community
    from banyan.notify.models import Notification

    began, batches, most, after = time.monotonic(), 0, 0, 0
    while after is not None:
        with CaptureQueriesContext(connection) as seen:
            after = community.tell_followers(post=post, day="bench", after=after)
        batches, most = batches + 1, max(most, len(seen))
    took = time.monotonic() - began
    told = Notification.objects.filter(kind="posted").count()
    connection.close()
    return took, batches, most, told


def _browser(account_id: int) -> Any:
    from django.conf import settings
    from django.test import Client

    from banyan.people.models import Account

    client = Client(HTTP_HOST="127.0.0.1", HTTP_ACCEPT_LANGUAGE="en")
    account = Account.objects.get(pk=account_id)
    client.force_login(account, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


def _get(client: Any, path: str) -> str:
    answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path}: {answer.status_code}")
    html: str = answer.content.decode()
    return html


def _further(client: Any, path: str, *, pages: int) -> str:
    """Return the address of a page further down, by the link to more under each."""
    import re

    query = ""
    for _page in range(pages):
        more = re.search(r'href="(\?before=[^"]+)"', _get(client, path + query))
        if more is None:
            break
        query = more[1].replace("&amp;", "&")
    return query


def _statements(client: Any, path: str) -> int:
    """Return how many statements a page takes, those of the session and the member with them."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as seen:
        _get(client, path)
        return len(seen)


def _milliseconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
