"""Accounts as the faces that components draw."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from banyan.media.queries import pictures
from banyan.people.models import Account
from banyan.web.ui.shapes import Face


def faces_of(accounts: Iterable[Account]) -> dict[int, Face]:
    """Return a face for each account, by id. One query for all avatars, none without any."""
    known = {account.pk: account for account in accounts}
    wanted = [account.avatar_id for account in known.values() if account.avatar_id]
    shown = pictures(wanted) if wanted else {}
    return {
        pk: Face(
            name=account.display_name,
            handle=account.handle,
            url=f"/@{account.handle}",
            picture_url=shown[account.avatar_id]["src"] if account.avatar_id in shown else "",
        )
        for pk, account in known.items()
    }


def face_of(account: Account) -> Face:
    """Return the face of one account."""
    return faces_of([account])[account.pk]


def somebody() -> Face:
    """Return the face of a person who is not shown to the reader."""
    return Face(name=_("somebody"))
