"""The only writer of exposures."""

from __future__ import annotations

from banyan.kernel import clock, keyrings
from banyan.kernel.keyrings import Ring

from .arms import arm_of
from .models import Exposure


def expose(
    *, experiment: str, subject_id: int, unit_id: int, account_id: int, percent: int
) -> Exposure:
    """Note which arm a person is in and return it; ``percent`` of all people are held out.

    Once for each ``unit_id``; a person whom the experiment has met with the same subject stays in
    their arm, whatever becomes of the keys or the share. Inside the caller's transaction, which
    holds whatever lock tells two callers for one unit apart.
    """
    rows = Exposure.objects.filter(experiment=experiment)
    if known := rows.filter(unit_id=unit_id).first():
        return known
    before = rows.filter(subject_id=subject_id, account_id=account_id).order_by("id").first()
    arm = (
        before.arm
        if before
        else arm_of(
            keyrings.keys(Ring.EXPERIMENTS)[0],
            experiment=experiment,
            subject_id=subject_id,
            account_id=account_id,
            percent=percent,
        )
    )
    return Exposure.objects.create(
        experiment=experiment,
        subject_id=subject_id,
        unit_id=unit_id,
        account_id=account_id,
        arm=arm,
        at=clock.now(),
    )
