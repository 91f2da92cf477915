"""Acts of the people pages that can wait for a sign-in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict
from banyan.people import actions as people
from banyan.people import ports
from banyan.people.access import get_account_for


def _follow(actor: Actor, payload: Mapping[str, Any]) -> str:
    account = get_account_for(actor, str(payload["handle"]))
    if account.pk == actor.id:
        raise Conflict(_("That is you."), code="oneself")
    people.follow(actor=actor, account_id=account.pk)
    return f"/@{account.handle}"


def _describe_follow(payload: Mapping[str, Any]) -> str:
    return _("Follow @%(handle)s") % {"handle": payload["handle"]}


def register() -> None:
    """Called once at start-up."""
    ports.register_resume("follow", _follow, describe=_describe_follow)
