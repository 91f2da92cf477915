"""Importing share events of other systems."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock
from banyan.kernel.problems import Invalid

from .models import Cascade, CascadeShare
from .rules import CascadeFault, parse_cascades


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: ``new`` cascades, ``known`` ones of earlier runs, ``shares`` written."""

    new: int
    known: int
    shares: int


def import_cascades(
    *,
    lines: Iterable[str],
    source: str,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Imported:
    """Read a cascade file as share events: all of it, or nothing.

    One transaction; a faulty line names line and column (Invalid ``cascade_file``, every fault in
    ``extra["faults"]``). Repeatable: a cascade known from ``source`` is left as it is.
    ``progress`` hears how many cascades of how many are stored.
    """
    cascades, faults = [], []
    for parsed in parse_cascades(lines):
        if isinstance(parsed, CascadeFault):
            faults.append(
                {
                    "line": parsed.line,
                    "column": parsed.column,
                    "code": parsed.code,
                    "text": parsed.message,
                }
            )
        else:
            cascades.append(parsed)
    if faults:
        raise Invalid(
            _("Nothing was imported: the file has faulty lines."),
            code="cascade_file",
            extra={"faults": faults},
        )
    now, new, shares = clock.now(), 0, 0
    with transaction.atomic():
        for place, cascade in enumerate(cascades):
            progress(place, len(cascades))
            row, created = Cascade.objects.get_or_create(
                source=source[:80],
                external_id=cascade.id,
                defaults={
                    "root_user": cascade.root,
                    "published_at": cascade.published_at,
                    "declared_size": cascade.declared_size,
                    "imported_at": now,
                },
            )
            if not created:
                continue
            new += 1
            members = [
                CascadeShare(
                    cascade=row,
                    user=member.user,
                    parent_user=member.parent or "",
                    seconds=member.seconds,
                )
                for member in cascade.members()
            ]
            CascadeShare.objects.bulk_create(members, batch_size=2000)
            shares += len(members)
    return Imported(new, len(cascades) - new, shares)
