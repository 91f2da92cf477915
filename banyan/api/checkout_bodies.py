"""What programs send and read when they buy."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from banyan.orders.rules import MOST_LETTERS

from .prices import PriceStep
from .schemas import (
    Answer,
    Body,
    Code,
    Count,
    Currency,
    Id,
    IdOut,
    Moment,
    Money,
    MoneyFromZero,
)

Text = Annotated[str, StringConstraints(max_length=200)]


class LineBody(Body):
    """A variant to buy, and the share or the storefront's offer it was reached through."""

    variant_id: Id
    quantity: Count = 1
    via: Code | None = None
    touch: Id | None = None
    offer: Id | None = None


Lines = Annotated[
    list[LineBody] | None,
    Field(max_length=100, min_length=1, description="What to buy; the cart when left out."),
]
CouponCode = Annotated[str, StringConstraints(max_length=40)]


class ContactBody(Body):
    """How the buyer is reached; a guest gives at least one."""

    email: Annotated[str, StringConstraints(max_length=120)] = ""
    phone: Annotated[str, StringConstraints(max_length=40)] = ""


class WayBody(Body):
    """The way of delivery chosen for a shop's part, as the quote names them."""

    shop_id: Id
    method_id: Id


class PurchaseBody(Body):
    """What is to be bought, and how."""

    lines: Lines = None
    coupon: CouponCode = ""
    coupons_off: Annotated[
        list[Id],
        Field(max_length=60, description="Ids of offered coupons that shall not be used."),
    ] = []
    use_points: Annotated[
        bool, Field(description="As many of one's own points as may be used; false keeps them.")
    ] = True
    contact: ContactBody = ContactBody()
    currency: Annotated[
        Currency | None, Field(description="One that every line has a price in.")
    ] = None
    delivery: Annotated[
        list[WayBody],
        Field(max_length=100, description="Left out: the shop's first way to that place."),
    ] = []


class PlaceBody(Body):
    """Where it would go, as far as delivery and tax depend on it."""

    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    level1: Annotated[Text, Field(description="Province or state.")] = ""
    postcode: Text = ""


class QuoteBody(PurchaseBody):
    """What a purchase would cost now; without ``to`` in each shop's own country."""

    to: PlaceBody | None = None


class AddressBody(Body):
    """Where it goes. The country decides which fields are needed; others are left out."""

    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    recipient: Text = ""
    phone: Text = ""
    level1: Annotated[Text, Field(description="Province or state.")] = ""
    level2: Annotated[Text, Field(description="City.")] = ""
    level3: Annotated[Text, Field(description="District.")] = ""
    street: Text = ""
    postcode: Text = ""


class CheckoutBody(PurchaseBody):
    """A purchase to place."""

    address: Annotated[
        AddressBody | None,
        Field(description="Not needed for what is not sent: digital goods and services."),
    ] = None
    provider: Annotated[
        str,
        StringConstraints(pattern=r"^[a-z0-9_-]{1,20}$"),
        Field(description="A way to pay, as the quote names them."),
    ] = "sandbox"
    agreed_total: Annotated[
        MoneyFromZero | None,
        Field(description="What the buyer was shown; 409 price_changed when it is another."),
    ] = None
    agreement: Annotated[
        str,
        StringConstraints(max_length=MOST_LETTERS),
        Field(description="The quote's, in place of the total: 409 then names every change."),
    ] = ""
    confirmed_age: Annotated[
        int, Field(ge=0, le=21, description="Years the buyer says to have; 403 age_unconfirmed.")
    ] = 0


class DeviceBody(Body):
    """Where the buyer pays, so that the provider opens what works there."""

    channel: Annotated[
        Literal["web", "wap", "in_app"],
        Field(
            description="web: a page or a code on any screen. wap: a telephone's browser."
            " in_app: inside the provider's own app."
        ),
    ] = "web"
    payer_code: Annotated[
        str,
        StringConstraints(pattern=r"^[A-Za-z0-9_-]{0,128}$"),
        Field(
            description="The code with which the provider's app told who pays (WeChat:"
            " snsapi_base under the installation's own appid). Good once."
        ),
    ] = ""


class OwnPrice(Answer):
    """A price that the caller may buy up to ``quantity`` units at, each, until ``expires_at``."""

    title: str
    price: Money
    quantity: int
    expires_at: Moment


class SaleLeftOut(Answer):
    """A flash sale in which the caller may have up to ``quantity`` units at ``price`` each.

    0: they have as many as one person can have, and these are at the ordinary price.
    """

    title: str
    price: Money
    quantity: int


class QuoteLine(Answer):
    """A line of a quote.

    ``left_out`` is a price of the caller's own that would be less, for fewer units than these;
    ``sale_left_out`` is that of a flash sale.
    """

    variant_id: IdOut
    shop_id: IdOut
    quantity: int
    unit: Money
    goods: Money
    discount: Money
    shipping: Money
    tax: Money
    price: list[PriceStep]
    left_out: OwnPrice | None
    sale_left_out: SaleLeftOut | None


class Way(Answer):
    """A way of delivery; ``days`` are the fewest and the most, null where nobody says."""

    method_id: IdOut
    name: str
    amount: Money
    days: list[int] | None
    chosen: bool


class Delivery(Answer):
    """How a shop's part would travel; without ways the shop does not deliver there."""

    shop_id: IdOut
    ways: list[Way]


class CouponUsed(Answer):
    """A coupon that is used; ``id`` is what ``coupons_off`` takes. ``terms`` are sentences."""

    id: IdOut
    code: str
    title: str
    terms: list[str]
    funded_by: str
    amount: Money


class CouponNotUsed(Answer):
    """A coupon that is not used: a stable ``reason`` and the same in words."""

    id: IdOut
    code: str
    title: str
    terms: list[str]
    reason: str
    message: str


class PointsOffered(Answer):
    """Points that may be used in a shop, and what they take off; ``used`` if they are."""

    shop_id: IdOut
    points: int
    amount: Money
    used: bool


class Method(Answer):
    """A way to pay; ``balance`` where there is credit to spend."""

    provider: str
    label: str
    balance: Money | None


class QuoteAnswer(Answer):
    """Today's price; ``unavailable`` lines are left out of it.

    ``tax`` comes on top, ``included_tax`` is contained. ``agreement`` stands for these figures.
    """

    lines: list[QuoteLine]
    goods: Money
    discount: Money
    shipping: Money
    tax: Money
    included_tax: Money
    total: Money
    currencies: list[str]
    delivery: list[Delivery]
    agreement: str
    coupon_problem: str | None
    coupons: list[CouponUsed]
    coupons_not_used: list[CouponNotUsed]
    savings: Money
    points: list[PointsOffered]
    unavailable: list[IdOut]
    methods: list[Method]


class OrderRef(Answer):
    """A shop's part of a purchase."""

    id: IdOut
    number: str
    shop_id: IdOut
    state: str
    total: Money


class CheckoutAnswer(Answer):
    """A purchase: one payment, one order per shop.

    ``access_token`` opens it for whoever has no account: send it as ``Access-Token``.
    """

    id: IdOut
    number: str
    state: str
    goods: Money
    discount: Money
    shipping: Money
    tax: Money
    total: Money
    orders: list[OrderRef]
    access_token: str
    created_at: Moment
    expires_at: Moment
    paid_at: Moment | None


class PaymentAnswer(Answer):
    """How a payment stands; ``pay_url`` is where the buyer pays, null when nothing is to be paid.

    ``state`` is created, pending, captured, failed (another try is possible), cancelled, expired,
    or captured_unplaced (sent back in full).
    """

    state: str
    amount: Money
    provider: str | None
    pay_url: str | None
    failure: str
    expires_at: Moment
