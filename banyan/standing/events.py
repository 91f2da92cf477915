"""What standing tells the floors above."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from banyan.kernel.events import Event


class PermitDecided(Event):
    """A licence or permit was looked at."""

    name: ClassVar[str] = "permit.decided"
    subject: ClassVar[str] = "permit_id"
    permit_id: int
    shop_id: int
    granted: bool
    reason: str


class PermitEnding(Event):
    """A licence or permit is valid for some weeks more, until ``last_day``."""

    name: ClassVar[str] = "permit.ending"
    subject: ClassVar[str] = "permit_id"
    permit_id: int
    shop_id: int
    last_day: dt.date


class PermitEnded(Event):
    """The last day of a licence or permit has passed; ``goods`` that needed it are drafts again."""

    name: ClassVar[str] = "permit.ended"
    subject: ClassVar[str] = "permit_id"
    permit_id: int
    shop_id: int
    goods: int


class ReviewWritten(Event):
    """A buyer said how good something is that they received."""

    name: ClassVar[str] = "review.written"
    subject: ClassVar[str] = "review_id"
    review_id: int
    product_id: int
    shop_id: int
    stars: int


class ProductReported(Event):
    """Somebody says that a product is not good."""

    name: ClassVar[str] = "product.reported"
    subject: ClassVar[str] = "product_id"
    product_id: int
    shop_id: int
    report_id: int


class AppealDecided(Event):
    """A shop's appeal was decided; when upheld, its facts do not count any more."""

    name: ClassVar[str] = "appeal.decided"
    subject: ClassVar[str] = "appeal_id"
    appeal_id: int
    shop_id: int
    upheld: bool


class ProductTakenDown(Event):
    """The platform took a product off every page; what is open about it is being settled."""

    name: ClassVar[str] = "product.taken_down"
    subject: ClassVar[str] = "product_id"
    product_id: int
    shop_id: int
    takedown_id: int
