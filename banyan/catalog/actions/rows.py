"""Rows that one person changes while another takes them away."""

from __future__ import annotations

from django.db import models

from banyan.kernel.problems import NotFound


def lock_row(row: models.Model) -> None:
    """Lock a row that is about to be written, in the caller's transaction; nothing for a new one.

    NotFound where it was taken away since it was read: saving it would bring it back.
    """
    if row._state.adding:
        return
    if not type(row)._base_manager.select_for_update().filter(pk=row.pk).exists():
        raise NotFound()
