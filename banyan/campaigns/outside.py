"""Pictures of likes elsewhere: what a member has shown, and which look like others."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from banyan.kernel.remembered import run
from banyan.moderation.rules.pictures import NEAR

from .models import Instance, OutsidePicture

_ALIKE = """
SELECT one.id, other.id FROM campaigns_outsidepicture one
JOIN media_image a ON a.id = one.image_id
JOIN campaigns_instance i ON i.id = one.instance_id
JOIN campaigns_campaign c ON c.id = i.campaign_id
JOIN campaigns_campaign d ON d.shop_id = c.shop_id
JOIN campaigns_instance j ON j.campaign_id = d.id
JOIN campaigns_outsidepicture other ON other.instance_id = j.id AND other.id <> one.id
JOIN media_image b ON b.id = other.image_id
WHERE one.id = ANY(%s)
  AND (a.sha256 = b.sha256 OR bit_count((one.look # other.look)::bit(64)) <= %s)
ORDER BY one.id, other.id
"""
"""The same file, or nearly the same look; in the shop's campaigns, others are not its business."""


def last_shown(instance: Instance) -> OutsidePicture | None:
    """Return the picture that was shown last for a play. One statement."""
    return OutsidePicture.objects.filter(instance=instance).order_by("-id").first()


def alike(picture_ids: Collection[int]) -> Mapping[int, list[OutsidePicture]]:
    """Return which other pictures of its shop each looks like, oldest first. Two statements."""
    pairs = run(_ALIKE, [list(picture_ids), NEAR]).fetchall() if picture_ids else []
    others = OutsidePicture.objects.select_related("account", "instance").in_bulk(
        {other for _one, other in pairs}
    )
    found: dict[int, list[OutsidePicture]] = {}
    for one, other in pairs:
        found.setdefault(one, []).append(others[other])
    return found
