"""Exposures: who was in which arm of what, from when on."""

from __future__ import annotations

from django.db import models

from banyan.kernel.ids import IdField

TREATED, HELD_OUT = "treated", "held_out"
ARMS = (TREATED, HELD_OUT)


class Exposure(models.Model):
    """A person met an experiment, or would have, and was in an arm of it. Never changed.

    ``experiment`` is what is tried ("coupon.ending"), ``subject_id`` with which thing (a coupon),
    ``unit_id`` the one row that it is counted for (a held coupon), once. All three and
    ``account_id`` are of higher floors. ``at`` is before anything could come of it.
    """

    id = IdField(primary_key=True)
    experiment = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    unit_id = models.BigIntegerField()
    account_id = models.BigIntegerField()
    arm = models.CharField(max_length=8)
    at = models.DateTimeField()

    class Meta:
        db_table = "experiments_exposure"
        constraints = [
            models.UniqueConstraint(fields=["experiment", "unit_id"], name="exposed_once"),
            models.CheckConstraint(condition=models.Q(arm__in=ARMS), name="exposure_arm"),
        ]
        indexes = [
            models.Index(fields=["experiment", "subject_id", "account_id"], name="exposure_of"),
            models.Index(fields=["account_id"], name="exposure_account"),
        ]
