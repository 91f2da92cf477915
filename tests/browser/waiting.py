"""Waiting for what a page comes to."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from banyan.ops.processes import wait_until

PATIENCE = 60.0


def come_true(page: Page, said: str, arg: Any = None) -> None:
    """Wait until a page's script says yes; it is asked anew, from outside.

    Waiting inside the page is text that is run there later, which our policy forbids: it works
    only where the first look is enough.
    """
    assert wait_until(lambda: bool(page.evaluate(said, arg)), timeout=PATIENCE, interval=0.05), said
