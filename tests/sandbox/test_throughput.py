"""How fast it is, printed and not asserted: ``pytest -s tests/sandbox/test_throughput.py``."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.sandbox.driver import Client, Receiver, running, together

CLIENTS, EACH = 8, 40


def processor_seconds(pid: int) -> float | None:
    """Return the processor time a process has used, where /proc tells."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / float(os.sysconf("SC_CLK_TCK"))


def test_whole_payments_with_webhooks(tmp_path: Path, shop: Receiver) -> None:
    with running(tmp_path / "state.sqlite") as gateway:
        client: Client = gateway.client
        used, start = processor_seconds(gateway.process.pid), time.monotonic()

        together(lambda _: [client.paid(shop.url) for _ in range(EACH)], CLIENTS)
        shop.wait(CLIENTS * EACH, seconds=60)

        wall = time.monotonic() - start
        after = processor_seconds(gateway.process.pid)
    count = CLIENTS * EACH
    print(f"\n{count} payments opened, paid and announced in {wall:.2f} s: {count / wall:.0f}/s")
    if used is not None and after is not None and after > used:
        each = (after - used) / count
        print(f"{each * 1000:.2f} ms of processor each: {1 / each:.0f}/s on one core at most")
    assert len({hook.headers["webhook-id"] for hook in shop.hooks}) == count
