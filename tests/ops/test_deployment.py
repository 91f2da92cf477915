"""Production settings, as Django's own deployment check sees them."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys


def deployment_check(**settings: str) -> subprocess.CompletedProcess[str]:
    """Run ``check --deploy`` in a process of its own, as production would."""
    environment = {
        **{n: v for n, v in os.environ.items() if not n.startswith(("BANYAN_", "DJANGO_"))},
        "BANYAN_ENV": "production",
        "BANYAN_VAR": os.environ["BANYAN_VAR"],
        "BANYAN_ALLOWED_HOSTS": "shop.example",
        "DJANGO_SETTINGS_MODULE": "banyan.config.settings",
        **settings,
    }
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "django", "check", "--deploy"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_is_warned_about_nothing_but_the_missing_payment_provider() -> None:
    done = deployment_check(BANYAN_SECRET_KEY=secrets.token_urlsafe(64))

    assert done.returncode == 0, done.stderr
    assert re.findall(r"\((\w+\.[A-Z]\d+)\)", done.stderr) == ["payments.W001"]


def test_production_does_not_start_without_a_secret_key() -> None:
    done = deployment_check()

    assert done.returncode != 0
    assert "BANYAN_SECRET_KEY must be set in production" in done.stderr
