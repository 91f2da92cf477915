"""An outside script drives the whole way with the very lines of the reference page."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

from banyan.earnings.models import Commission
from banyan.ledger.proof import verify
from banyan.orders.models import Order, OrderRefund
from banyan.people.actions import create_token
from banyan.sharing.models import Touch
from tests.payments.fixtures import sandbox, sandbox_process
from tests.support import factories as make
from tests.support.sandbox import Sandbox, serve_shop

__all__ = ["sandbox", "sandbox_process"]
PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "http-api.md"


def _script() -> str:
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 7
    return "set -o pipefail\n" + "".join(blocks)


def test_the_reference_page_drives_the_whole_way(
    threaded_db: None, sandbox: Sandbox, settings: Any, tmp_path: Path
) -> None:
    settings.PUBLIC_URL = ""
    _token, finance = create_token(actor=make.actor(make.staff("finance")), name="proof")
    with serve_shop() as address:
        ran = subprocess.run(
            ["bash", "-eu", "-c", _script()],
            env={
                "PATH": os.environ["PATH"],
                "BANYAN": address,
                "RUN": "7",
                "FINANCE_TOKEN": finance,
                "LC_ALL": "C.UTF-8",
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=240,
        )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    said = ran.stdout.splitlines()
    assert "payment: captured" in said
    assert "earned 500, left 300" in said
    assert said[-1] == "True", "the proof is clean"

    order = Order.objects.get()
    assert (order.state, order.total_amount, order.refunded_amount) == ("received", 5000, 2000)
    line = order.lines.get()
    assert [step["name"] for step in line.path] == ["Ana"]
    assert line.touch_id == Touch.objects.get().pk
    assert OrderRefund.objects.get().lines == [{"line": str(line.pk), "amount": 2000, "tax": 0}]
    commission = Commission.objects.get()
    assert (commission.amount, commission.reversed_amount) == (500, 200)
    assert verify().clean
