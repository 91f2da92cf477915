"""Test set-up: one temporary PostgreSQL per run, shared by all workers; a clean slate per test."""

from __future__ import annotations

import atexit
import contextlib
import gc
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


def _start_database() -> object | None:
    """Start the database before Django reads its settings; workers get its address."""
    os.environ["BANYAN_ENV"] = "test"
    os.environ["DJANGO_SETTINGS_MODULE"] = "banyan.config.settings"
    # A browser test leaves its event loop in the thread; later tests may use the database there.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    if "BANYAN_VAR" not in os.environ or "PYTEST_XDIST_WORKER" not in os.environ:
        folder = tempfile.mkdtemp(prefix="banyan-test-var-")
        os.environ["BANYAN_VAR"] = folder
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    server = None
    if not os.environ.get("BANYAN_TEST_DATABASE_URL"):
        from banyan.ops.postgres import TemporaryPostgres

        server = TemporaryPostgres()
        server.start()
        os.environ["BANYAN_TEST_DATABASE_URL"] = server.dsn("postgres")
    os.environ["DATABASE_URL"] = os.environ["BANYAN_TEST_DATABASE_URL"]
    return server


_server = _start_database()

from hypothesis import HealthCheck  # noqa: E402
from hypothesis import settings as hypothesis_settings  # noqa: E402

# Time limits would make a busy machine look like a fault; the soak looks longer.
hypothesis_settings.register_profile(
    "default", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.register_profile(
    "soak", parent=hypothesis_settings.get_profile("default"), max_examples=2000
)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

import django  # noqa: E402  (settings need the database address)

django.setup()


# What takes longest comes first, so that workers that are given whole files end together.
LONGEST = (
    "campaigns/test_hostile.py",
    "browser/test_pages.py",
    "acceptance/test_crawler.py",
    "acceptance/test_row_10_a_listing_to_notice_to_tap.py",
    "properties/test_visibility_controls.py",
    "properties/test_campaign_machine.py",
    "api/test_borders.py",
    "ops/test_postgres.py",
    "ops/test_cli.py",
    "api/test_schemathesis.py",
    "web/test_statements.py",
    "properties/test_visibility.py",
    "ops/test_supervisor.py",
    "acceptance/test_whole_life.py",
    "browser/test_groups.py",
    "properties/test_commerce_machine.py",
    "acceptance/test_killed_processes.py",
    "browser/test_sign_in.py",
    "browser/test_campaigns.py",
    "browser/test_journeys.py",
    "api/test_reference.py",
    "properties/test_chat_visibility.py",
    "legal/test_leaving.py",
    "acceptance/test_row_39_digital.py",
    "browser/test_axe_of_shopping.py",
    "browser/test_gallery.py",
    "campaigns/test_referral.py",
    "acceptance/test_row_44_shop_inbox.py",
    "races/test_edge_killed.py",
    "entitlements/test_actions.py",
    "community/test_feed_paging.py",
    "campaigns/test_group_money.py",
    "acceptance/test_row_21_a_share_tree.py",
    "browser/test_buy_return_redeem.py",
    "browser/test_desk.py",
    "media/test_renditions.py",
    "campaigns/test_assist_draw.py",
    "payments/test_pay_links.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; all others keep their order."""
    ranks = {Path(__file__).parent / name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path, len(ranks)))


def pytest_collection_finish() -> None:
    """Keep the collector from looking through the application and all tests again and again."""
    gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the database that this process started."""
    if _server is not None:
        with contextlib.suppress(Exception):
            _server.stop()  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_modify_db_settings: None,
    django_db_blocker: Any,
) -> None:
    """Make the test database for every kind of test, threaded ones too.

    It goes with its server, or is replaced at the next run; dropping it would only wait for
    connections that browsers and servers of the tests have not closed yet.
    """
    from tests.support.template import make_test_database

    with django_db_blocker.unblock():
        make_test_database()


@pytest.fixture
def threaded_db(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Real commits for tests with threads; afterwards every non-empty table is emptied.

    System rows (the relay's, content types, permissions, migrations) are kept or reseeded.
    """
    from tests.support.database import wipe

    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        wipe()
        try:
            yield
        finally:
            wipe()


@pytest.fixture
def midday() -> Iterator[None]:
    """It is noon of today, and stays so: no day, hour or minute ends during the test.

    For what is counted by the day, here or in Shanghai, and for rates, whose windows are fixed.
    """
    from banyan.kernel import clock

    with clock.at(clock.now().replace(hour=12, minute=0)):
        yield


_media = itertools.count(1)


@pytest.fixture(autouse=True)
def _media_root(settings: Any) -> Iterator[None]:
    """Pictures of a test live and die with it; most make none, so no folder is made for them."""
    place = settings.VAR_DIR / "media-of-tests" / f"{os.getpid()}-{next(_media)}"
    settings.MEDIA_ROOT = place
    yield
    if place.exists():
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(autouse=True)
def _clear_cache() -> Iterator[None]:
    """Caches do not leak from test to test."""
    from django.core.cache import cache

    from banyan.kernel import flags
    from banyan.ledger.actions import forget_accounts

    yield
    cache.clear()
    flags.forget()
    forget_accounts()


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """Every test begins in English, whatever the one before it spoke."""
    from django.utils import translation

    translation.activate("en")
    yield
    translation.deactivate()
