"""What entitlements tell the floors above: ids of rows."""

from __future__ import annotations

from typing import ClassVar

from banyan.kernel.events import Event


class CouponRevoked(Event):
    """A coupon was taken back from who held it unused: what it was given for does not stand."""

    name: ClassVar[str] = "coupon.revoked"
    subject: ClassVar[str] = "grant_id"
    grant_id: int
    coupon_id: int
    account_id: int | None = None
