"""Mechanics turned off and on by those who run the site, whatever shops have published."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from banyan.kernel import flags
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid, NotFound

from ..mechanic import mechanic
from ..problems import Refused

ROLES = ("moderation",)
"""Who may turn mechanics, besides the owner."""


def flag_of(code: str) -> str:
    """Return the name of the flag that a mechanic listens to."""
    return f"mechanic.{code}"


def is_on(code: str) -> bool:
    """Tell whether a mechanic can be played; each process looks at most every five seconds."""
    return flags.enabled(flag_of(code), default=True)


def check_on(code: str) -> None:
    """Raise Refused ``paused`` where the mechanic is turned off."""
    if not is_on(code):
        raise Refused("paused", detail=f"{flag_of(code)} is off")


def switch_mechanic(*, actor: Actor, code: str, on: bool, reason: str) -> None:
    """Turn a mechanic off or on for the whole site; audited with its reason.

    Off: nothing is begun, joined or helped. What was promised stays and can be taken; deadlines
    pass, draws are drawn. Raises NotFound for others than moderation and the owner, and Invalid
    without a reason.
    """
    if not actor.has_role(*ROLES):
        raise NotFound()
    mechanic(code)
    if not reason.strip():
        raise Invalid(fields={"reason": _("Say why: it is kept in the audit log.")})
    flags.turn(flag_of(code), on=on, actor=actor, reason=reason.strip())
