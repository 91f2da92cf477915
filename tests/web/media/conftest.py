"""Storages of a test live and die with it."""

from tests.media.conftest import media_folder

__all__ = ["media_folder"]
