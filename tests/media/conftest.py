"""Storages of a test live and die with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def media_folder(settings: Settings, tmp_path: Path) -> Path:
    """Put both storages below the test's own folder; return it."""
    backend = "banyan.media.store.WholeFiles"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": backend,
            "OPTIONS": {"location": str(tmp_path / "media"), "base_url": "/media/"},
        },
        "private": {"BACKEND": backend, "OPTIONS": {"location": str(tmp_path / "originals")}},
    }
    return tmp_path
