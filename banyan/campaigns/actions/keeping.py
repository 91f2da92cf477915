"""Units of stock kept for plays: taken when one begins, and let go of once."""

from __future__ import annotations

from banyan.catalog.actions import hold, stock_locks, unhold
from banyan.kernel import locks
from banyan.kernel.problems import SoldOut

from .. import effects as say
from ..models import Instance, KeptUnit
from ..problems import Refused
from .applying import Stage, applies


@applies
def _keep_unit(effect: say.KeepUnit, stage: Stage) -> None:
    instance = stage.instance
    KeptUnit.objects.create(instance=instance, variant_id=effect.variant_id)
    try:
        hold([(effect.variant_id, 1)], reference=f"play:{instance.pk}")
    except SoldOut as gone:
        raise Refused("sold_out", detail=gone.detail) from gone


@applies
def _free_unit(effect: say.FreeUnit, stage: Stage) -> None:
    variant_id = take_off(stage.instance)
    if variant_id is not None:
        locks.take(stock_locks([variant_id]))
        unhold([(variant_id, 1)], reference=f"play:{stage.instance.pk}")


def take_off(instance: Instance) -> int | None:
    """Take the unit from an instance that keeps one, and return its variant: once, then None.

    Who takes it puts it somewhere. It is the row that decides: deleting it finds it one time.
    """
    variants = KeptUnit.objects.filter(instance=instance).values_list("variant_id", flat=True)
    variant_id = variants.first()
    if variant_id is None:
        return None
    gone, _tables = KeptUnit.objects.filter(instance=instance).delete()
    return variant_id if gone else None
