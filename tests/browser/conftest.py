"""One Chromium and one server of the whole site per worker."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from banyan.ops.doctor import find_chromium
from tests.support.serving import serve

# Playwright keeps an event loop in this thread, which Django would take for an async view.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
SWITCHES = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
# A busy machine is slow; only what never comes is a fault.
expect.set_options(timeout=60_000)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Use the Chromium of the machine where there is one."""
    return {"executable_path": find_chromium(), "args": SWITCHES.split()}


@pytest.fixture(scope="session")
def house() -> Iterator[str]:
    """Serve the whole site, static files and pictures too, from threads of this process."""
    from django.conf import settings
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.handlers.wsgi import WSGIHandler

    # Test runs serve pictures from a folder of their own; the storages write here.
    settings.MEDIA_ROOT = settings.VAR_DIR / "media"
    pages = StaticFilesHandler(WSGIHandler())
    with serve(pages) as port:
        yield f"http://localhost:{port}"


@pytest.fixture(autouse=True)
def _nobody_stays(browser: Browser) -> Iterator[None]:
    """Close what a failed test left open: its pages would go on asking in the tests after it."""
    before = browser.contexts
    yield
    for context in browser.contexts:
        if context not in before:
            context.close()


@pytest.fixture(autouse=True)
def _media_root(settings: Any) -> None:
    """Serve the pictures that the storages wrote."""
    settings.MEDIA_ROOT = settings.VAR_DIR / "media"
