"""Those concerned are told when an app seems to block this host, so that they ask it to look again.

Hosts are never changed to evade a block.
"""

from __future__ import annotations

from collections.abc import Iterator

from banyan.catalog.access import MANAGERS
from banyan.catalog.models import ShopStaff
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.notify.actions import notify_each
from banyan.notify.models import Notification
from banyan.people.queries import staff_with
from banyan.sharing.queries.silence import blocked_channels

from ..models import Campaign

KIND = "campaign.blocked"
ROLES = ("moderation", "support")


def warn_of_blocks(*, actor: Actor) -> int:
    """Tell operators, and who manages shops with campaigns under way; returns how many were told.

    Once a day, person and channel, however often it is called.
    """
    told = 0
    for channel in blocked_channels():
        key = f"{KIND}:{channel}:{clock.now().date()}"
        for url, account_ids in _concerned():
            rows = Notification.objects.filter(recipient_id__in=account_ids, group_key=key)
            new = account_ids - set(rows.values_list("recipient_id", flat=True))
            if new:
                notify_each(
                    recipient_ids=sorted(new),
                    kind=KIND,
                    group_key=key,
                    url=url,
                    data={"channel": channel},
                )
            told += len(new)
    return told


def _concerned() -> Iterator[tuple[str, set[int]]]:
    """Yield who is concerned, and where they look: the desk first, then shop by shop."""
    yield "/desk/", set(staff_with(*ROLES))
    running = Campaign.objects.filter(
        state="published", ends_at__gt=clock.now(), shop__isnull=False
    ).values("shop_id")
    people: dict[str, set[int]] = {}
    rows = ShopStaff.objects.filter(shop_id__in=running, role__in=MANAGERS)
    for slug, account_id in rows.order_by("shop_id").values_list("shop__slug", "account_id"):
        people.setdefault(slug, set()).add(account_id)
    for slug, account_ids in people.items():
        yield f"/studio/{slug}/campaigns", account_ids
