"""``python -m bench.streams``: how many open live pages one process carries, and how soon it tells.

Starts a PostgreSQL and the live process as the supervisor does, opens streams with genuine tickets,
lets a notice pass that concerns all of them, and weighs the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg

from banyan.kernel.rings import Ring, keys_from
from banyan.ops.postgres import TemporaryPostgres
from banyan.ops.supervisor import raise_file_limit
from banyan.web.live import hub, tickets
from bench import report
from bench.installation import ROOT, free_port

STREAMS, MOST_MEMORY, SLOWEST = 2_000, 300.0, 2.0
PATIENCE = 60.0
TOPIC = "post:1"


def main() -> int:
    """Measure; an exit code."""
    table = report.Table()
    run(table)
    for missed in table.missed:
        print(f"MISSED  {missed}")
    return 1 if table.missed else 0


def run(table: report.Table) -> None:
    """Open the streams and tell them something; some ten seconds."""
    raise_file_limit()
    with TemporaryPostgres() as server:
        server.ensure_database("bench")
        dsn = server.dsn("bench")
        with psycopg.connect(dsn, autocommit=True) as connection:
            # All that the live process reads; the rest of the schema is not its own.
            connection.execute("CREATE TABLE kernel_relaystate (last_position bigint)")
            connection.execute("INSERT INTO kernel_relaystate VALUES (0)")
            asyncio.run(_measure(table, dsn, connection))


async def _measure(table: report.Table, dsn: str, connection: psycopg.Connection) -> None:
    port = free_port()
    environment = {**os.environ, "DATABASE_URL": dsn, "BANYAN_PORT": str(port)}
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--port", str(port)]
    command += ["--workers", "1", "--workers-kill-timeout", "1", "--no-ws"]
    command += ["--backlog", "8192", "--backpressure", "8192"]
    command += ["--log-level", "error", "banyan.web.live:application"]
    with subprocess.Popen(command, env=environment, cwd=ROOT, start_new_session=True) as process:
        try:
            await _up(port)
            before = _pss(process.pid)
            lines = await _open(port, environment)
            table.held("streams that are open", len(lines), "", len(lines) == STREAMS, "2,000")
            memory = _pss(process.pid)
            table.row("memory without any (PSS)", before, "MB")
            table.held("memory with them (PSS)", memory, "MB", memory < MOST_MEMORY, "< 300 MB")
            told = asyncio.gather(*(_hear(reader) for reader, _writer in lines))
            await asyncio.sleep(0)
            began = time.perf_counter()
            connection.execute("SELECT pg_notify(%s, %s)", [hub.CHANNEL, f"1 {TOPIC}=post.liked"])
            moments = sorted(moment - began for moment in await told)
            table.row("told, the middle one", moments[len(moments) // 2], "s")
            table.held("told, the last one", moments[-1], "s", moments[-1] < SLOWEST, "< 2 s")
            for _reader, writer in lines:
                writer.close()
        finally:
            process.terminate()
            process.wait(20)


Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _open(port: int, environment: Mapping[str, str]) -> list[Line]:
    key = keys_from(environment, Ring.STREAMS)[0]
    lines: list[Line] = []
    for first in range(0, STREAMS, 100):
        wanted = [_one(port, key, person) for person in range(first, first + 100)]
        lines += await asyncio.gather(*wanted)
    return lines


async def _one(port: int, key: bytes, person: int) -> Line:
    """Open a stream of a person of their own and read its first event."""
    ticket = tickets.issue([TOPIC], person=f"p{person}", now=time.time(), key=key)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /live/?t={ticket} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    await _until(reader, b"event: beat")
    return reader, writer


async def _hear(reader: asyncio.StreamReader) -> float:
    await _until(reader, TOPIC.encode())
    return time.perf_counter()


async def _until(reader: asyncio.StreamReader, wanted: bytes) -> None:
    async with asyncio.timeout(PATIENCE):
        while wanted not in (line := await reader.readline()):
            if not line:
                raise ConnectionError("the stream ended")


async def _up(port: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(OSError):
                _reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.1)


def _pss(first: int) -> float:
    """Return the proportional set size in MB of a process and its children."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            if first in (int(folder.name), int(fields[1])):
                rollup = (folder / "smaps_rollup").read_text(encoding="ascii")
                line = next(line for line in rollup.splitlines() if line.startswith("Pss:"))
                total += int(line.split()[1])
    return total / 1024


if __name__ == "__main__":
    sys.exit(main())
