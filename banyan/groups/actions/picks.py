"""What moderators show first: pinned and featured posts."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, NotFound

from .. import ports
from ..access import require_moderator
from ..models import Pick
from ..rules import MOST_PINNED


def feature_post(*, actor: Actor, group_id: int, post_id: int) -> Pick:
    """Put a post of the group into its curated feed. Repeatable. Raises Forbidden, NotFound."""
    group, mine = require_moderator(actor, group_id)
    if not ports.stands_in(actor, post_id, group.pk):
        raise NotFound()
    pick, _made = Pick.objects.get_or_create(
        group=group,
        post_id=post_id,
        defaults={"by_id": mine.account_id, "created_at": clock.now()},
    )
    return pick


def unfeature_post(*, actor: Actor, group_id: int, post_id: int) -> None:
    """Take a post out of the curated feed, and its pin with it. Repeatable."""
    group, _mine = require_moderator(actor, group_id)
    Pick.objects.filter(group=group, post_id=post_id).delete()


def pin_post(*, actor: Actor, group_id: int, post_id: int) -> Pick:
    """Pin a post of the group above all others, three at most. Repeatable.

    Raises Forbidden, NotFound, Conflict ``pins_full``.
    """
    pick = feature_post(actor=actor, group_id=group_id, post_id=post_id)
    if pick.slot is not None:
        return pick
    taken = set(
        Pick.objects.filter(group_id=group_id, slot__isnull=False).values_list("slot", flat=True)
    )
    for slot in range(1, MOST_PINNED + 1):
        if slot in taken:
            continue
        try:
            with transaction.atomic():
                Pick.objects.filter(pk=pick.pk).update(slot=slot)
        except IntegrityError:  # somebody else has pinned there meanwhile
            continue
        pick.slot = slot
        return pick
    raise Conflict(_("Three posts are pinned. Unpin one first."), code="pins_full")


def unpin_post(*, actor: Actor, group_id: int, post_id: int) -> None:
    """Take a pin away; the post stays in the curated feed. Repeatable."""
    group, _mine = require_moderator(actor, group_id)
    Pick.objects.filter(group=group, post_id=post_id).update(slot=None)
