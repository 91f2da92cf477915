"""The page that checks a draw says what the program says, of good files and of forged ones."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from banyan.campaigns import verifier
from banyan.kernel import clock
from banyan.kernel.proofs import canonical
from banyan.sales import actions as sales
from banyan.sales.models import Sale
from tests.campaigns.proof_files import every_proof
from tests.sales.scene import NOON, SYSTEM, buyer, on
from tests.support import factories as make

PROOFS = every_proof()
READ = """
() => [...document.querySelectorAll("[data-check]")].filter((line) => !line.hidden).map(
  (line) => [line.dataset.check, !line.querySelector("[data-good=yes]").hidden])
"""
FORGET = (
    "() => document.querySelectorAll('[data-verdict]').forEach((box) => { box.hidden = true; })"
)


def _forged() -> dict[str, str]:
    """Return every kind of file with something changed, the form kept."""
    found = {}
    for name, text in PROOFS.items():
        file = json.loads(text)
        changes: list[dict[str, Any]] = [{"published": file["published"] | {"root": "00" * 32}}]
        if "seed" in file:
            changes = [{"seed": "11" * 32}, {"result": file["result"][1:] + file["result"][:1]}]
            changes.append({"terms": file["terms"] | {"subject": "6"}})
        if file.get("entries"):
            first = file["entries"][0]
            changes.append({"entries": [[first[0], first[1] + 1], *file["entries"][1:]]})
            changes.append({"voids": [["x9", "staff"]]})
        for n, change in enumerate(changes):
            if canonical(file | change) != text:
                found[f"{name}, change {n}"] = canonical(file | change)
    found["spaces"] = json.dumps(json.loads(PROOFS["room"]))
    return found


def _looked_at(page: Page, text: str) -> dict[str, bool]:
    page.evaluate(FORGET)
    page.set_input_files(
        "#proof-file",
        {"name": "proof.json", "mimeType": "application/json", "buffer": text.encode()},
    )
    page.locator("[data-verdict]:not([hidden])").wait_for()
    shown = page.locator("[data-verdict]:not([hidden])").get_attribute("data-verdict")
    checks = dict(page.evaluate(READ))
    assert shown == ("good" if all(checks.values()) else "wrong")
    return checks


@pytest.fixture
def drawn(threaded_db: None) -> Sale:
    """A sale whose waiting room has been put in order."""
    with clock.at(NOON):
        sale = on(make.variant(stock=20), admission="queue", public=10, at_once=2)
        for n in range(9):
            sales.enter_room(actor=make.actor(buyer(n)), sale_id=sale.pk)
    with clock.at(NOON + dt.timedelta(seconds=30)):
        sales.advance_sale(actor=SYSTEM, sale=Sale.objects.get(pk=sale.pk))
    return sale


def test_from_a_waiting_room_to_its_proof(page: Page, house: str, drawn: Sale) -> None:
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.goto(f"{house}/sale/{drawn.pk}")
    page.get_by_text("The rules of this sale").click()
    page.get_by_role("link", name="Check the draw").click()

    expect(page.get_by_text("All of it holds.")).to_be_visible()
    published = page.locator("[data-published]")
    expect(published).to_contain_text(drawn.commitment)
    assert len(page.evaluate(READ)) == 5

    agreed = {name: _looked_at(page, text) for name, text in (PROOFS | _forged()).items()}
    assert agreed == {name: verifier.verify(text) for name, text in (PROOFS | _forged()).items()}
    assert all(all(agreed[name].values()) for name in PROOFS)
    assert [name for name in _forged() if all(agreed[name].values())] == []

    page.evaluate(FORGET)
    page.set_input_files(
        "#proof-file", {"name": "x.json", "mimeType": "application/json", "buffer": b"[1]"}
    )
    expect(page.get_by_text("This is no proof file")).to_be_visible()
    assert heard == []
