"""Alipay of mainland China: pages for computers and telephones, paid in yuan.

Methods, each linked where it is called; all go to one gateway with one signature. An order number
(``out_trade_no``) is our reference with ``_``, and is what Alipay knows a payment by.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from django.utils.functional import Promise

from banyan.kernel import clock
from banyan.kernel.money import Money

from ...problems import PayoutNotSupported, ProviderRefused, ProviderUnreachable
from ..base import (
    Acknowledgement,
    Action,
    Capabilities,
    Charge,
    LedgerPlace,
    Message,
    PayoutOrder,
    ProviderState,
    RefundOrder,
    Started,
    Status,
)
from ..bills import BillLine
from . import reading
from .bill import lines_of
from .config import fault, merchant
from .gateway import GatewayClient
from .values import (
    BEIJING,
    CURRENCY,
    LARGEST,
    amount_text,
    beijing_text,
    moment_of,
    number_of,
    subject_of,
)

_PAGE = ("alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY")
_WAP = ("alipay.trade.wap.pay", "QUICK_WAP_WAY")
_METHODS = {"wap": _WAP, "in_app": _WAP}
_NOT_THERE = "ACQ.TRADE_NOT_EXIST"
_NOT_WAITING = {
    "ACQ.TRADE_STATUS_ERROR",
    "ACQ.REASON_TRADE_STATUS_INVALID",
    "ACQ.REASON_ILLEGAL_STATUS",
    "ACQ.TRADE_HAS_CLOSE",
}
_SHORTEST = dt.timedelta(minutes=1)  # Alipay takes no shorter time to pay
_CLOCKS = dt.timedelta(minutes=5)  # by which Alipay's clock and ours may differ
_BILL_HOUR = 10  # the bill of a day is there by nine the next morning, in Beijing
_NO_BILL = "BILL_NOT_EXIST"


class AlipayProvider:
    """Speaks Alipay's OpenAPI v2; settings ``ALIPAY_*``."""

    name = "alipay"
    label: str | Promise = "Alipay 支付宝"
    capabilities = Capabilities(
        currencies=frozenset({CURRENCY}), by_channel=True, blocked_in=frozenset({"wechat"})
    )

    bill_zone: dt.tzinfo = BEIJING

    def __init__(self) -> None:
        self._gateway = GatewayClient()

    @staticmethod
    def fault() -> str:
        """Return the setting that is missing or unreadable; "" when payments can be taken."""
        return fault()

    def ledger_place(self, *, payer_id: int | None) -> LedgerPlace:
        """Return the account that stands for the money at Alipay."""
        return LedgerPlace(kind="gateway", owner_kind="provider", label=self.name)

    def start(
        self,
        charge: Charge,
        *,
        return_url: str,
        webhook_url: str,
        locale: str,
        context: Mapping[str, str],
    ) -> Started:
        """Return the signed address of the page to pay on; Alipay hears of it when it is opened.

        https://docs.open.alipay.com/api_1/alipay.trade.page.pay and
        https://docs.open.alipay.com/api_1/alipay.trade.wap.pay
        """
        if charge.money.currency != CURRENCY:
            raise ProviderRefused("currency_not_supported", detail=charge.money.currency)
        if not Money(0, CURRENCY) < charge.money <= LARGEST:
            raise ProviderRefused("amount_out_of_range", detail=str(charge.money))
        method, product = _METHODS.get(context.get("channel", ""), _PAGE)
        content = {
            "out_trade_no": number_of(charge.reference),
            "product_code": product,
            "total_amount": amount_text(charge.money),
            "subject": subject_of(charge.description),
            "time_expire": beijing_text(_closes_at(charge)),
        }
        if product == _WAP[1]:
            content["quit_url"] = return_url
        url = self._gateway.page(
            method,
            content,
            at=charge.started_at,  # so that asking again gives the same address
            return_url=return_url,
            notify_url=webhook_url,
        )
        return Started(
            provider_ref=content["out_trade_no"], action=Action(kind="redirect", url=url)
        )

    def query(self, charge: Charge) -> ProviderState:
        """Ask how the payment stands; one whose page nobody has opened yet is pending.

        https://docs.open.alipay.com/api_1/alipay.trade.query
        """
        number = charge.provider_ref or number_of(charge.reference)
        answer = self._gateway.call("alipay.trade.query", {"out_trade_no": number})
        if answer.sub_code == _NOT_THERE:
            return ProviderState(status=Status.PENDING, provider_ref=number, raw=answer.fields)
        return reading.payment_state(answer.require(), number)

    def cancel(self, charge: Charge) -> ProviderState:
        """Close the payment, or say that it was paid.

        One whose page nobody has opened cannot be closed, and its signed address can still be
        paid until it runs out: so it stays pending, is asked about again, and what is paid
        meanwhile comes too late and goes back.

        https://docs.open.alipay.com/api_1/alipay.trade.close
        """
        number = charge.provider_ref or number_of(charge.reference)
        answer = self._gateway.call("alipay.trade.close", {"out_trade_no": number})
        if answer.sub_code == _NOT_THERE:
            over = clock.now() >= _closes_at(charge) + _CLOCKS
            return ProviderState(
                status=Status.CANCELLED if over else Status.PENDING,
                provider_ref=number,
                failure="never_opened" if over else "",
                raw=answer.fields,
            )
        if answer.sub_code in _NOT_WAITING:
            return self.query(charge)
        return ProviderState(
            status=Status.CANCELLED, provider_ref=number, failure="closed", raw=answer.require()
        )

    def refund(self, order: RefundOrder) -> ProviderState:
        """Send money back; the same request number never moves money twice.

        ``fund_change`` says whether this very call moved it; if not, the query knows. So it does
        where a refusal comes after an answer that was lost: under another number it would be sent
        twice.

        https://docs.open.alipay.com/api_1/alipay.trade.refund
        """
        number = number_of(order.reference)
        answer = self._gateway.call(
            "alipay.trade.refund",
            {
                "out_trade_no": order.payment_ref,
                "out_request_no": number,
                "refund_amount": amount_text(order.money),
                "refund_reason": subject_of(order.reason),
            },
        )
        try:
            fields = answer.require()
        except ProviderRefused as refusal:
            return self._done_before(order, refusal)
        if fields.get("fund_change") != "Y":
            return ProviderState(status=Status.PENDING, provider_ref=number, raw=fields)
        told = fields.get("gmt_refund_pay")
        return ProviderState(
            status=Status.SUCCEEDED,
            provider_ref=number,
            at=moment_of(str(told)) if told else clock.now(),
            raw=fields,  # its amount is the sum of all refunds: nothing to compare this one with
        )

    def _done_before(self, order: RefundOrder, refusal: ProviderRefused) -> ProviderState:
        try:
            done = self._carried_out(order)
        except ProviderRefused as unknown:
            raise ProviderUnreachable(detail=str(unknown)) from unknown
        if done is None:
            raise refusal
        return done

    def query_refund(self, order: RefundOrder) -> ProviderState:
        """Ask how the refund stands; one that Alipay has not carried out is asked for again."""
        done = self._carried_out(order)
        if done is not None:
            return done
        try:
            return self.refund(order)
        except ProviderRefused as refusal:
            return ProviderState(
                status=Status.FAILED,
                provider_ref=number_of(order.reference),
                failure=refusal.reason,
            )

    def _carried_out(self, order: RefundOrder) -> ProviderState | None:
        """Return how a refund that Alipay has carried out stands; None for any other.

        https://docs.open.alipay.com/api_1/alipay.trade.fastpay.refund.query
        """
        number = number_of(order.reference)
        answer = self._gateway.call(
            "alipay.trade.fastpay.refund.query",
            {"out_trade_no": order.payment_ref, "out_request_no": number},
        )
        fields = answer.require() if answer.sub_code != _NOT_THERE else {}
        if fields.get("refund_status") != "REFUND_SUCCESS":
            return None
        if fields.get("out_request_no") != number:
            return ProviderState(status=Status.PENDING, provider_ref=number, raw=fields)
        return ProviderState(
            status=Status.SUCCEEDED,
            provider_ref=number,
            money=Money.parse(str(fields["refund_amount"]), CURRENCY),
            at=clock.now(),
            raw=fields,
        )

    def payout(self, order: PayoutOrder) -> ProviderState:
        """Refuse: paying out is another contract with Alipay."""
        raise PayoutNotSupported(detail=self.name)

    def query_payout(self, order: PayoutOrder) -> ProviderState:
        """Refuse: paying out is another contract with Alipay."""
        raise PayoutNotSupported(detail=self.name)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Sequence[Message]:
        """Verify and read a notification (https://docs.open.alipay.com/270/105902/)."""
        return [reading.notice(body, merchant())]

    def acknowledge(self, *, accepted: bool) -> Acknowledgement:
        """Say ``success``; at anything else Alipay sends it again, for 25 hours."""
        if accepted:
            return Acknowledgement(body="success")
        return Acknowledgement(status=503, body="fail")

    def bill(self, day: dt.date) -> Sequence[BillLine]:
        """Return what Alipay's bill of ``day`` (in Beijing) says, in its order.

        Empty for a day without trade. ProviderUnreachable while the bill is not made yet,
        ProviderRefused ``bill_unreadable`` when it is not as the documents say.

        https://opendocs.alipay.com/open/759e0553_alipay.data.dataservice.bill.downloadurl.query
        """
        answer = self._gateway.call(
            "alipay.data.dataservice.bill.downloadurl.query",
            {"bill_type": "trade", "bill_date": day.isoformat()},
        )
        if answer.sub_code.upper().endswith(_NO_BILL):
            made = dt.datetime.combine(day, dt.time(_BILL_HOUR), BEIJING) + dt.timedelta(days=1)
            if clock.now() < made:
                raise ProviderUnreachable(detail=f"the bill of {day} is not made yet")
            return []
        fields = answer.require()
        return lines_of(self._gateway.download(str(fields.get("bill_download_url", ""))))


def _closes_at(charge: Charge) -> dt.datetime:
    """Return when the signed address runs out: with the payment, but never too soon for Alipay."""
    return max(charge.expires_at, charge.started_at + _SHORTEST)
