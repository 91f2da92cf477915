"""What a payment provider must be able to do. No caller ever needs to know which one it is.

The verbs speak in plain values, never in rows, and are called outside any transaction. Each may
be called again with the same values at any time (after a time-out, after a crash) and must then
have no further effect; every value that such a repetition needs is in its arguments.

Every verb may raise ``ProviderUnreachable`` (ask again later) or ``ProviderRefused`` (asking again
is no use). Anything else that a verb raises counts as a fault of the adapter.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol, runtime_checkable

from django.utils.functional import Promise

from banyan.kernel.money import Money


class Status(StrEnum):
    """Where a payment, refund or payout stands at the provider."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Kind(StrEnum):
    """What a provider's message says. ``payment.failed`` is one declined try, not the end.

    ``chargeback.changed``: something happened to money that a payer's bank takes back; the
    provider is asked what (:class:`Chargebacks`).
    """

    PAYMENT_SUCCEEDED = "payment.succeeded"
    PAYMENT_FAILED = "payment.failed"
    PAYMENT_CANCELLED = "payment.cancelled"
    CHARGEBACK_CHANGED = "chargeback.changed"
    REFUND_SUCCEEDED = "refund.succeeded"
    REFUND_FAILED = "refund.failed"
    PAYOUT_PAID = "payout.paid"
    PAYOUT_FAILED = "payout.failed"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What the provider can do, so that pages and actions ask for nothing else.

    ``collects``: it takes payments; whoever does not is never offered to a payer.
    ``internal``: the money is in our own ledger, so capturing takes it, and a refusal takes none.
    ``needs_account``: only a signed-in payer, acting in person, may pay this way.
    ``needs_client_ip``: a start on a telephone must be told the payer's network address; nobody
    else is given it.
    ``by_channel``: what was opened for one channel cannot be paid in another, so each has its own.
    ``blocked_in``: apps (``sharing.channels``) in which the provider's pages do not open.
    ``refund_elsewhere``: a refund may name a destination other than the way it came.
    ``short_of_money``: the reasons for which a refund is refused when our account there has not the
    money for it, so that it can be asked for again once it has.
    ``held``: the reasons of failed refunds whose money stays with the provider, which may still
    send it: asked for once more, it would be sent twice.
    ``by_hand``: its payouts are sent by a person, who says how they went: nobody asks for their
    state, and they go where the payee wants it (name, account), kept sealed until then.
    ``currencies``: empty means every one.
    """

    collects: bool = True
    internal: bool = False
    needs_account: bool = False
    needs_client_ip: bool = False
    by_channel: bool = False
    blocked_in: frozenset[str] = frozenset()
    payouts: bool = False
    by_hand: bool = False
    refund_elsewhere: bool = False
    short_of_money: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    currencies: frozenset[str] = frozenset()

    def takes(self, currency: str) -> bool:
        """Tell whether the provider handles ``currency``."""
        return not self.currencies or currency in self.currencies


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One attempt to collect ``money``.

    ``reference`` is ours (``rules.Reference``) and new for each attempt; ``provider_ref`` is empty
    before the start. ``started_at`` is the attempt's, the same in every repetition. ``divisible``:
    parts of it may be passed on to merchants' own accounts (:class:`Splits`).
    """

    reference: str
    money: Money
    description: str
    started_at: dt.datetime
    expires_at: dt.datetime
    payer_id: int | None = None
    provider_ref: str = ""
    divisible: bool = True

    @property
    def idempotency_key(self) -> str:
        """The key under which the provider remembers this attempt."""
        return self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOrder:
    """One request to send ``money`` back for the payment ``payment_ref``.

    ``destination`` is empty for "the way it came". ``whole`` is what was paid (some providers
    ask for it).
    """

    reference: str
    payment_ref: str
    money: Money
    whole: Money
    reason: str
    destination: str = ""
    provider_ref: str = ""

    @property
    def idempotency_key(self) -> str:
        """The key under which the provider remembers this request."""
        return self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutOrder:
    """One request to pay ``money`` out to ``destination``, in the provider's own terms."""

    reference: str
    money: Money
    destination: Mapping[str, Any]
    provider_ref: str = ""

    @property
    def idempotency_key(self) -> str:
        """The key under which the provider remembers this request."""
        return self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitOrder:
    """One request to pass ``money`` of the payment ``payment_ref`` on to a connected ``account``.

    ``last``: nothing more is passed on of this payment, so what is left is the platform's.
    """

    reference: str
    payment_ref: str
    money: Money
    account: str
    last: bool = False
    provider_ref: str = ""

    @property
    def idempotency_key(self) -> str:
        """The key under which the provider remembers this request."""
        return self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeBack:
    """One request to take ``money`` of a split back from its connected account."""

    reference: str
    split: SplitOrder
    money: Money
    provider_ref: str = ""

    @property
    def idempotency_key(self) -> str:
        """The key under which the provider remembers this request."""
        return self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What the payer does next.

    redirect: go to ``url``. qr: scan ``url``. client: the page's script gets ``params`` (a client
    secret, or what a wallet's in-app bridge wants). none: nothing, the answer is to be had now.
    ``good_until`` is set where ``url`` opens for a shorter time than there is to pay: the start is
    then repeated for a fresh one.
    """

    kind: Literal["redirect", "qr", "client", "none"]
    url: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    good_until: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A payment exists at the provider.

    ``provider_ref`` is whatever query, cancel and refund will need, and stays the same for the
    life of the payment: the provider's own id where there is one at the start (Stripe, the
    sandbox), else our reference (WeChat Pay and Alipay know a payment by ``out_trade_no``).
    """

    provider_ref: str
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderState:
    """A provider's answer to "how does it stand". ``money`` is what really moved so far.

    ``at`` is the provider's time of the final state; ``failure`` its reason code; ``payer`` a mark
    of whose money or card it was (``payers.mark``), where the provider tells.
    """

    status: Status
    provider_ref: str
    money: Money | None = None
    at: dt.datetime | None = None
    failure: str = ""
    payer: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BankMove:
    """Money that moved for a chargeback, once per ``ref``, the provider's number of the movement.

    ``taken`` is negative where the bank gave it back. ``fee`` is what the provider keeps for it,
    negative where it gave a fee back, in the currency of our account there.
    """

    ref: str
    taken: Money
    fee: Money | None
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargebackState:
    """How a chargeback stands: ``state`` of ``states.CHARGEBACK``, and all that ever moved for it.

    ``payment_ref`` is the payment as our books name it; empty when it is none of ours. ``money``
    is what the bank asks back, None where our books cannot hold it; ``due_by`` until when somebody
    may answer at the provider.
    """

    provider_ref: str
    payment_ref: str
    state: str
    money: Money | None
    reason: str
    due_by: dt.datetime | None
    opened_at: dt.datetime
    moves: Sequence[BankMove]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One verified message. ``message_id`` is the same on every repetition of it.

    ``payer`` as of :class:`ProviderState`.
    """

    message_id: str
    kind: Kind
    reference: str
    provider_ref: str
    money: Money | None = None
    at: dt.datetime | None = None
    failure: str = ""
    payer: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """What the provider wants to hear, so that it stops (or goes on) repeating a message."""

    status: int = 200
    content_type: str = "text/plain"
    body: str = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerPlace:
    """The ledger account that stands for the money at (or in) this provider."""

    kind: str
    owner_kind: str
    owner_id: int = 0
    label: str = ""


class Provider(Protocol):
    """A way to pay. Instances are shared by all threads and keep no state between calls."""

    name: str
    label: str | Promise
    capabilities: Capabilities

    def ledger_place(self, *, payer_id: int | None) -> LedgerPlace:
        """Return the account that a capture debits and a refund credits."""
        ...

    def start(
        self,
        charge: Charge,
        *,
        return_url: str,
        webhook_url: str,
        locale: str,
        context: Mapping[str, str],
    ) -> Started:
        """Open the payment and return what the payer does next.

        ``context`` may hold channel ("web", "wap", "in_app", "native"), client_ip, and payer_ref
        (the payer's id at the provider, such as a WeChat openid).
        """
        ...

    def query(self, charge: Charge) -> ProviderState:
        """Ask how the payment stands."""
        ...

    def cancel(self, charge: Charge) -> ProviderState:
        """Close the payment so that it can no longer be paid; SUCCEEDED when it already was."""
        ...

    def refund(self, order: RefundOrder) -> ProviderState:
        """Send money back; PENDING when the end comes by message or query."""
        ...

    def query_refund(self, order: RefundOrder) -> ProviderState:
        """Ask how the refund stands."""
        ...

    def payout(self, order: PayoutOrder) -> ProviderState:
        """Pay money out; PENDING when the end comes by message or query."""
        ...

    def query_payout(self, order: PayoutOrder) -> ProviderState:
        """Ask how the payout stands."""
        ...

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Sequence[Message]:
        """Verify and read a message.

        Raises ForgedMessage for a bad signature, UnreadableMessage for a bad shape.
        """
        ...

    def acknowledge(self, *, accepted: bool) -> Acknowledgement:
        """Return the answer to a message that was taken, or is to be sent again."""
        ...


@runtime_checkable
class AsksWhoPays(Protocol):
    """A provider that, inside an app, must be told by the app who pays before it can start.

    The payer is asked at Pay and never on load: the browser goes to :meth:`identity_page`, which
    sends it back with a code, and :meth:`payer_of` turns the code into the ``payer_ref`` of
    ``Provider.start``. Both are called outside any transaction.
    """

    def asks_in(self, app: str) -> bool:
        """Tell whether the payer has to be asked in ``app``, as this installation is set up."""
        ...

    def identity_page(self, *, back: str, state: str) -> str:
        """Return the app's address that leads to ``back`` with ``code`` and ``state``.

        ``state`` is at most 128 letters and digits.
        """
        ...

    def payer_of(self, code: str) -> str:
        """Return the payer's id at the provider. A code is good once.

        Raises ProviderRefused for a code that is used up, too old or of another app, and
        ProviderUnreachable.
        """
        ...


@runtime_checkable
class Chargebacks(Protocol):
    """A provider that tells of money which payers' banks take back from our account there."""

    def query_chargeback(self, ref: str) -> ChargebackState:
        """Ask how a chargeback stands, by the provider's number of it."""
        ...


@runtime_checkable
class Splits(Protocol):
    """A provider that passes parts of a payment on to merchants' own accounts with it."""

    def splits(self) -> bool:
        """Tell whether this installation is set up for it."""
        ...

    def connect(self, account: str, *, name: str) -> None:
        """Make a merchant's account one that money may be passed on to; repeatable.

        ``name`` is the merchant's full name, where the provider checks it. Raises
        ProviderRefused when there is no such account or it cannot receive.
        """
        ...

    def split(self, order: SplitOrder) -> ProviderState:
        """Pass money on; PENDING when the end comes by query."""
        ...

    def query_split(self, order: SplitOrder) -> ProviderState:
        """Ask how a split stands."""
        ...

    def take_back(self, order: TakeBack) -> ProviderState:
        """Take money of a split back; PENDING when the end comes by query."""
        ...

    def query_take_back(self, order: TakeBack) -> ProviderState:
        """Ask how taking back stands."""
        ...

    def keep_rest(self, *, payment_ref: str, reference: str) -> None:
        """Say that nothing (more) of a payment is passed on; repeatable."""
        ...
