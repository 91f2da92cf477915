"""What sales tell: ids of rows; amounts in minor units."""

from __future__ import annotations

from typing import ClassVar

from banyan.kernel.events import Event


class _OfSale(Event):
    subject: ClassVar[str] = "sale_id"
    sale_id: int
    shop_id: int


class SaleScheduled(_OfSale):
    """A sale is published; its units are kept, its prices are fixed."""

    name: ClassVar[str] = "sale.scheduled"


class SaleStarted(_OfSale):
    """A sale has begun."""

    name: ClassVar[str] = "sale.started"


class SalePaused(_OfSale):
    """Nobody can claim anything for now; what is reserved can be paid."""

    name: ClassVar[str] = "sale.paused"


class SaleResumed(_OfSale):
    """A paused sale goes on."""

    name: ClassVar[str] = "sale.resumed"


class SaleSoldOut(_OfSale):
    """Every unit of a sale is claimed or sold; one that is not paid comes back."""

    name: ClassVar[str] = "sale.sold_out"


class SaleEnded(_OfSale):
    """A sale is over."""

    name: ClassVar[str] = "sale.ended"


class SaleAdmitted(_OfSale):
    """Somebody in the waiting room may claim now."""

    name: ClassVar[str] = "sale.admitted"
    account_id: int
