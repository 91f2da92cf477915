"""Circles of people who buy through each other: found, held, and decided by a person."""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from banyan.kernel import audit, locks
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Busy, Invalid
from banyan.kernel.states import transition
from banyan.trust import actions as trust
from banyan.trust.circles import rings
from banyan.trust.models import Circle
from banyan.trust.queries import circle_of

from ..access import require_role
from ..models import Commission
from ..queries.circles import evidence, trades
from ..states import COMMISSION
from .holds import INVESTIGATORS

logger = logging.getLogger(__name__)

CODE = "circle_hold"
"""Why such a commission is held: what was held by hand is another's to release."""


def find_circles(*, actor: Actor) -> int:
    """Note who buys through each other in a circle, and hold what the strong ones earn.

    Returns how many commissions were held: nobody is paid before somebody has looked, and nothing
    is taken. What is payable already stays so. Emits circle.found for new circles and for those
    that got strong. A transaction for each circle and each commission; repeatable, may run twice
    at once. A row that somebody has locked waits for the next run. A circle that fails is logged,
    and keeps no other from being looked at.
    """
    found = rings(*trades())
    count = 0
    for ring, rows in zip(found, evidence(found), strict=True):
        try:
            circle = trust.note_circle(actor=actor, ring=ring, evidence=rows)
            waiting = _of(circle, "pending", "held") if circle.holds else Commission.objects.none()
            for commission in waiting:
                count += _hold(actor, circle.pk, commission)
        except Busy:
            continue
        except Exception:
            logger.exception("a circle could not be noted")
    return count


def confirm_circle(*, actor: Actor, circle_id: int, reason: str) -> Circle:
    """Say that a circle is one: what it earned stays held, and what it earns from now on is.

    Finance or moderation, with a reason; audited. Raises NotFound, Invalid without a reason,
    IllegalTransition where that was decided. Locks the circle.
    """
    with transaction.atomic():
        circle = _decidable(actor, circle_id, reason)
        trust.settle_circle(actor=actor, circle=circle, to="confirmed", reason=reason.strip())
    return circle


def clear_circle(*, actor: Actor, circle_id: int, reason: str) -> Circle:
    """Say that nothing is wrong with a circle: what only it held goes on, and it is left alone.

    As :func:`confirm_circle`. The return windows decide again. Locks the circle, then its
    commissions.
    """
    with transaction.atomic():
        circle = _decidable(actor, circle_id, reason)
        # Nobody holds anything for this circle while it is locked, so these are all.
        locks.take([LockKey("commission", each.pk) for each in _of(circle, "held_fraud")])
        trust.settle_circle(actor=actor, circle=circle, to="cleared", reason=reason.strip())
        for commission in _of(circle, "held_fraud").filter(reason=CODE):
            if not _held_elsewhere(commission):
                _release(actor, commission, reason.strip())
    return circle


def _decidable(actor: Actor, circle_id: int, reason: str) -> Circle:
    require_role(actor, *INVESTIGATORS)
    if not reason.strip():
        raise Invalid(fields={"reason": _("Say why.")}, code="reason_missing")
    circle_of(circle_id)
    locks.take([LockKey("circle", circle_id)])
    return circle_of(circle_id)


def _of(circle: Circle, *states: str) -> QuerySet[Commission]:
    rows = Commission.objects.filter(pk__in=circle.evidence, state__in=states)
    return rows.select_related("order").order_by("id")


def _held_elsewhere(commission: Commission) -> bool:
    others = Circle.objects.filter(evidence__contains=[commission.pk])
    return any(one.holds for one in others)


def _hold(actor: Actor, circle_id: int, commission: Commission) -> bool:
    with transaction.atomic(), caused_by(commission.order.checkout_id):
        locks.take([LockKey("circle", circle_id), LockKey("commission", commission.pk)])
        commission.refresh_from_db(fields=["state"])
        if not circle_of(circle_id).holds or commission.state not in {"pending", "held"}:
            return False
        _move(actor, commission, "held_fraud", code=CODE, reason=CODE)
        _note(actor, commission, "commission.hold", CODE)
    return True


def _release(actor: Actor, commission: Commission, reason: str) -> None:
    with caused_by(commission.order.checkout_id):
        _move(actor, commission, "held", code="", reason=reason)
        _note(actor, commission, "commission.release", reason)


def _move(actor: Actor, commission: Commission, to: str, *, code: str, reason: str) -> None:
    transition(COMMISSION, commission, to, actor=actor, reason=reason)
    Commission.objects.filter(pk=commission.pk).update(reason=code)


def _note(actor: Actor, commission: Commission, action: str, reason: str) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject_kind="commission",
        subject_id=commission.pk,
        subject_label=commission.order.number,
        reason=reason,
    )
