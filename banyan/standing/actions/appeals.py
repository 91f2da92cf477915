"""A shop says why some facts should not count, and somebody else decides."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import MANAGERS, get_shop_for_staff, require_outsider
from banyan.kernel import audit, clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Invalid, NotFound
from banyan.kernel.states import transition

from ..access import require_moderation
from ..events import AppealDecided
from ..models import Appeal, Excused
from ..queries import facts_of
from ..rules import LIMITS
from ..states import APPEAL
from .counting import count_again

Fact = tuple[str, int]
"""(kind of fact, id of its order or report)"""


def appeal(*, actor: Actor, shop_id: int, facts: Sequence[Fact], body: str) -> Appeal:
    """Ask that some facts no longer count. For managers of the shop; one open appeal at a time.

    Raises Invalid for facts that do not count against this shop, Conflict ``appeal_open``.
    """
    shop = get_shop_for_staff(actor, shop_id, MANAGERS)
    counted = facts_of(shop.pk)
    wanted = list(dict.fromkeys(facts))
    known = all(kind in LIMITS and subject in counted.of(kind) for kind, subject in wanted)
    if not wanted or not known:
        raise Invalid(fields={"facts": _("Choose what should not count.")})
    if not 1 <= len(body.strip()) <= 2000:
        raise Invalid(fields={"body": _("Say what happened, in 1 to 2,000 letters.")})
    try:
        with transaction.atomic():
            return Appeal.objects.create(
                shop=shop,
                body=body.strip(),
                facts=[[kind, str(subject)] for kind, subject in wanted],
                created_at=clock.now(),
            )
    except IntegrityError as error:
        if "appeal_one_open" not in str(error):
            raise
        raise Conflict(_("Your last appeal is still open."), code="appeal_open") from error


def decide_appeal(*, actor: Actor, appeal_id: int, upheld: bool, reason: str) -> Appeal:
    """Uphold an appeal, so that its facts count no more, or dismiss it. For moderation.

    Audited; the shop reads ``reason``. Emits appeal.decided.
    """
    require_moderation(actor)
    if not 1 <= len(reason.strip()) <= 500:
        raise Invalid(fields={"reason": _("Say why.")}, code="reason_missing")
    with transaction.atomic():
        found = Appeal.objects.select_for_update().filter(pk=appeal_id).first()
        if found is None:
            raise NotFound()
        require_outsider(actor, found.shop_id)
        transition(
            APPEAL,
            found,
            "upheld" if upheld else "dismissed",
            actor=actor,
            reason=reason,
            decision=reason.strip(),
            decided_at=clock.now(),
        )
        if upheld:
            Excused.objects.bulk_create(
                [
                    Excused(appeal=found, shop_id=found.shop_id, kind=kind, subject_id=int(subject))
                    for kind, subject in found.facts
                ],
                ignore_conflicts=True,
            )
        count_again(actor=actor, shop_id=found.shop_id)
        decided = AppealDecided(appeal_id=found.pk, shop_id=found.shop_id, upheld=upheld)
        events.emit(decided, actor=actor)
        audit.record(
            actor=actor,
            action="appeal.decide",
            subject_kind="appeal",
            subject_id=found.pk,
            subject_label=found.shop.name,
            reason=reason,
            detail={"upheld": upheld},
        )
    return found
