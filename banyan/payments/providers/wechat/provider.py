"""WeChat Pay as a :class:`~banyan.payments.providers.base.Provider`."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from django.conf import settings
from django.urls import reverse

from banyan.kernel import clock

from ...problems import (
    ForgedMessage,
    PayoutNotSupported,
    ProviderRefused,
    ProviderUnreachable,
    UnreadableMessage,
)
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
    SplitOrder,
    Started,
    Status,
    TakeBack,
)
from ..bills import BillLine
from ..transport import HttpClient
from . import bill as bills
from . import identity, sharing
from .gateway import Gateway
from .merchant import fault, merchant
from .reading import ABNORMAL, CHINA, message, refund_state, rfc3339, trade_state
from .signing import Unverified, bridge_params, opened, verify

T = TypeVar("T")

_ORDERS = "/v3/pay/transactions"
_REFUNDS = "/v3/refund/domestic/refunds"
# Whatever is neither inside WeChat nor in a phone's browser shows a code to scan.
_TRADES = {"in_app": "jsapi", "wap": "h5"}
_GONE = ("ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS")
_CLOSED = ("ORDER_CLOSED", "ORDERCLOSED")
_NO_BILL = ("NO_STATEMENT_EXIST",)
_NO_BILL_YET = ("STATEMENT_CREATING",)
_H5_GOOD_FOR = dt.timedelta(minutes=4)  # of the five, so that there is time to get there
# Of refunds so published (https://pay.weixin.qq.com/docs/merchant/products/refund/apilist.html); of
# orders it is what a refusal says: 字节数 …，大于最大值 127.
_REASON_BYTES, _DESCRIPTION_BYTES = 80, 127
_UNREADABLE = (KeyError, TypeError, ValueError)


class WechatProvider:
    """Speaks API v3 as a merchant of its own; settings ``WECHAT_*``.

    The channel decides: in_app is JSAPI, wap is H5, all else native QR. ``provider_ref`` of a
    payment is our reference (``out_trade_no``), of a refund WeChat Pay's ``refund_id``.
    """

    name = "wechat"
    label = "WeChat Pay"
    capabilities = Capabilities(
        currencies=frozenset({"CNY"}),
        needs_client_ip=True,
        by_channel=True,
        blocked_in=frozenset({"alipay"}),
        short_of_money=frozenset({"NOT_ENOUGH"}),
        held=frozenset({ABNORMAL}),
    )
    bill_zone: dt.tzinfo = CHINA

    def __init__(self) -> None:
        self._gateway = Gateway()
        self._identities = HttpClient()

    @staticmethod
    def fault() -> str:
        """Return what keeps this installation from using WeChat Pay; "" when nothing does."""
        return fault()

    def ledger_place(self, *, payer_id: int | None) -> LedgerPlace:
        """Return the merchant account."""
        return LedgerPlace(kind="gateway", owner_kind="provider", label=self.name)

    def asks_in(self, app: str) -> bool:
        """Ask inside WeChat, where the official account's secret is set; else a code is shown."""
        return app == identity.APP and bool(settings.WECHAT_APP_SECRET)

    def identity_page(self, *, back: str, state: str) -> str:
        """Return the address of the official account's silent authorisation."""
        return identity.page(back=back, state=state)

    def payer_of(self, code: str) -> str:
        """Return the payer's openid under our appid."""
        return identity.openid_of(self._identities, code)

    def start(
        self,
        charge: Charge,
        *,
        return_url: str,
        webhook_url: str,
        locale: str,
        context: Mapping[str, str],
    ) -> Started:
        """Place an order; the same order again gives a fresh way to pay it.

        An ``h5_url`` opens for five minutes, from the address in ``client_ip`` and nowhere else:
        https://pay.weixin.qq.com/wiki/doc/api/H5.php?chapter=15_4. JSAPI wants ``payer_ref``, the
        payer's openid under our appid, H5 ``client_ip``: without them ProviderRefused
        ``payer_ref_missing`` or ``client_ip_missing``.
        https://pay.wechatpay.cn/doc/v3/merchant/4012791897 (JSAPI),
        https://pay.weixin.qq.com/doc/v3/merchant/4012525095 (native),
        https://pay.weixin.qq.com/docs/merchant/products/h5-payment/apilist.html (H5).
        """
        ours = merchant()
        trade = _TRADES.get(context.get("channel", ""), "native")
        order: dict[str, Any] = {
            "appid": ours.appid,
            "mchid": ours.mchid,
            "description": _cut(charge.description, _DESCRIPTION_BYTES) or charge.reference,
            "out_trade_no": charge.reference,
            "time_expire": rfc3339(charge.expires_at),
            "notify_url": webhook_url,
            "amount": {"total": charge.money.amount, "currency": charge.money.currency},
        }
        if self.splits() and charge.divisible:
            order["settle_info"] = {"profit_sharing": True}
        if trade == "jsapi":
            order["payer"] = {"openid": _needed(context, "payer_ref")}
        elif trade == "h5":
            ip = _needed(context, "client_ip")
            order["scene_info"] = {"payer_client_ip": ip, "h5_info": {"type": "Wap"}}
        answer = self._gateway.post(f"{_ORDERS}/{trade}", order)
        action = _read(lambda: self._action(trade, answer, return_url))
        return Started(provider_ref=charge.reference, action=action)

    def _action(self, trade: str, answer: Mapping[str, str], return_url: str) -> Action:
        if trade == "native":
            return Action(kind="qr", url=answer["code_url"])
        if trade == "h5":
            back = quote(return_url, safe="")
            return Action(
                kind="redirect",
                url=f"{answer['h5_url']}&redirect_url={back}",
                good_until=clock.now() + _H5_GOOD_FOR,
            )
        params = bridge_params(
            merchant(),
            prepay_id=answer["prepay_id"],
            at=int(clock.now().timestamp()),
        )
        return Action(kind="client", params=params)

    def query(self, charge: Charge) -> ProviderState:
        """Read the order. One that WeChat Pay does not know is over once its time has passed.

        https://pay.weixin.qq.com/doc/v3/merchant/4013070356
        """
        path = f"{_ORDERS}/out-trade-no/{charge.reference}?mchid={merchant().mchid}"
        try:
            trade = self._gateway.get(path)
        except ProviderRefused as refusal:
            if refusal.reason not in _GONE:
                raise
            over = clock.now() >= charge.expires_at
            return _unpaid(charge, Status.CANCELLED if over else Status.PENDING, refusal.reason)
        return _read(lambda: trade_state(_about(trade, "out_trade_no", charge.reference)))

    def cancel(self, charge: Charge) -> ProviderState:
        """Close the order, or say that it was paid.

        https://pay.weixin.qq.com/doc/v3/merchant/4012556398
        """
        path = f"{_ORDERS}/out-trade-no/{charge.reference}/close"
        try:
            said = self._gateway.post(path, {"mchid": merchant().mchid})
        except ProviderRefused as refusal:
            if refusal.reason in (*_CLOSED, *_GONE):
                return _unpaid(charge, Status.CANCELLED, refusal.reason)
            return self.query(charge)  # it was paid, or is being paid just now
        # A closed order is answered without a word; with one it is being paid just now.
        return self.query(charge) if said else _unpaid(charge, Status.CANCELLED, "CLOSED")

    def refund(self, order: RefundOrder) -> ProviderState:
        """Ask for a refund; the end comes by notification or query.

        One that is refused may have been taken before, when the answer was lost: under another
        number it would be sent twice, so what WeChat Pay knows of this one comes first.

        https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter3_5_9.shtml
        """
        body: dict[str, Any] = {
            "out_trade_no": order.payment_ref,
            "out_refund_no": order.reference,
            "amount": {
                "refund": order.money.amount,
                "total": order.whole.amount,
                "currency": order.money.currency,
            },
        }
        if order.reason:
            body["reason"] = _cut(order.reason, _REASON_BYTES)
        if settings.PUBLIC_URL:
            body["notify_url"] = settings.PUBLIC_URL + reverse("payment_hook", args=[self.name])
        try:
            answer = self._gateway.post(_REFUNDS, body)
        except ProviderRefused as refusal:
            return self._taken_before(order, refusal)
        return _read(lambda: refund_state(_about(answer, "out_refund_no", order.reference)))

    def _taken_before(self, order: RefundOrder, refusal: ProviderRefused) -> ProviderState:
        try:
            return self.query_refund(order)
        except ProviderRefused as unknown:
            if unknown.reason not in _GONE:
                raise ProviderUnreachable(detail=str(unknown)) from unknown
            raise refusal from unknown

    def query_refund(self, order: RefundOrder) -> ProviderState:
        """Read the refund.

        https://pay.weixin.qq.com/doc/v3/merchant/4012556562
        """
        answer = self._gateway.get(f"{_REFUNDS}/{order.reference}")
        return _read(lambda: refund_state(_about(answer, "out_refund_no", order.reference)))

    def payout(self, order: PayoutOrder) -> ProviderState:
        """Refuse: this adapter takes payments only."""
        raise PayoutNotSupported(detail=self.name)

    def query_payout(self, order: PayoutOrder) -> ProviderState:
        """Refuse: this adapter takes payments only."""
        raise PayoutNotSupported(detail=self.name)

    def splits(self) -> bool:
        """Tell whether profit sharing is on; orders that were placed before cannot be shared."""
        return bool(settings.WECHAT_PROFIT_SHARING)

    def connect(self, account: str, *, name: str) -> None:
        """Add a merchant's number (``mchid``), with its full name, to the receivers."""
        sharing.add_receiver(self._gateway, ours=merchant(), account=account, name=name)

    def split(self, order: SplitOrder) -> ProviderState:
        """Pass money of an order on to a receiver."""
        number = self._transaction(order.payment_ref)
        appid = merchant().appid
        return _read(lambda: sharing.send(self._gateway, order, appid=appid, transaction_id=number))

    def query_split(self, order: SplitOrder) -> ProviderState:
        """Read how passing on stands."""
        number = self._transaction(order.payment_ref)
        return _read(lambda: sharing.stands(self._gateway, order, transaction_id=number))

    def take_back(self, order: TakeBack) -> ProviderState:
        """Ask a receiver's account for money back."""
        return _read(lambda: sharing.take_back(self._gateway, order))

    def query_take_back(self, order: TakeBack) -> ProviderState:
        """Read how taking back stands."""
        return _read(lambda: sharing.taken_back(self._gateway, order))

    def keep_rest(self, *, payment_ref: str, reference: str) -> None:
        """Let go what is left of an order's frozen money."""
        number = self._transaction(payment_ref)
        sharing.let_go(self._gateway, transaction_id=number, reference=reference)

    def _transaction(self, trade_no: str) -> str:
        """Return WeChat Pay's own number of an order."""
        path = f"{_ORDERS}/out-trade-no/{trade_no}?mchid={merchant().mchid}"
        return _read(lambda: str(self._gateway.get(path)["transaction_id"]))

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Sequence[Message]:
        """Verify a notification, open its seal and read it.

        The detail of ForgedMessage begins with the reason: signature_missing, signature_wrong,
        signature_type_unknown, timestamp_outside_window, platform_key_unknown, seal_unknown,
        seal_broken, other_merchant.
        """
        ours = merchant()
        told = {name.lower(): value for name, value in headers.items()}
        try:
            verify(ours.platform_keys, told, body, now=clock.now().timestamp())
            event = _object(body)
            resource = _object(opened(ours.api_key, event["resource"]))
            if resource.get("mchid", ours.mchid) != ours.mchid:
                raise Unverified("other_merchant")
            return [message(event, resource)]
        except Unverified as reason:
            raise ForgedMessage(detail=str(reason)) from reason
        except _UNREADABLE as error:
            raise UnreadableMessage(detail=repr(error)) from error

    def acknowledge(self, *, accepted: bool) -> Acknowledgement:
        """Say SUCCESS; anything but 2xx makes WeChat Pay send it again."""
        body = {"code": "SUCCESS"} if accepted else {"code": "FAIL", "message": "later"}
        return Acknowledgement(
            status=200 if accepted else 503,
            content_type="application/json",
            body=json.dumps(body),
        )

    def bill(self, day: dt.date) -> Sequence[BillLine]:
        """Return the payments and refunds of a day (China's) as WeChat Pay's trade bill has them.

        A refund stands on the day on which it was accepted. There from ten in the morning of the
        next day, for three months: ProviderUnreachable before, ProviderRefused later.
        https://pay.weixin.qq.com/docs/merchant/apis/jsapi-payment/get-trade-bill.html,
        https://pay.weixin.qq.com/doc/v3/merchant/4012084430.
        """
        path = f"/v3/bill/tradebill?bill_date={day.isoformat()}&bill_type=ALL&tar_type=GZIP"
        try:
            answer = self._gateway.get(path)
        except ProviderRefused as refusal:
            if refusal.reason in _NO_BILL:
                return []
            if refusal.reason in _NO_BILL_YET:
                raise ProviderUnreachable(detail=str(refusal)) from refusal
            raise
        return _read(lambda: bills.lines_of(self._file(answer)))

    def _file(self, answer: Mapping[str, str]) -> str:
        """Fetch a bill; the hash is of the file as it was before it was packed."""
        packed = self._gateway.download(answer["download_url"].strip())
        try:
            content = gzip.decompress(packed)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"the bill is not packed: {error}") from error
        if answer["hash_type"] != "SHA1":
            raise ValueError(f"the bill has a hash of type {answer['hash_type']!r}")
        if hashlib.sha1(content, usedforsecurity=False).hexdigest() != answer["hash_value"].lower():
            raise ValueError("the bill does not match its hash")
        return content.decode("utf-8")


def _needed(context: Mapping[str, str], name: str) -> str:
    value = context.get(name, "")
    if not value:
        raise ProviderRefused(f"{name}_missing")
    return value


def _cut(text: str, most: int) -> str:
    """Return as much of ``text`` as ``most`` bytes hold: WeChat Pay does not count letters."""
    return text.encode()[:most].decode(errors="ignore")


def _unpaid(charge: Charge, status: Status, failure: str) -> ProviderState:
    failure = "" if status == Status.PENDING else failure
    return ProviderState(status=status, provider_ref=charge.reference, failure=failure)


def _about(answer: Mapping[str, Any], field: str, reference: str) -> Mapping[str, Any]:
    """Return an answer that is about what was asked; ValueError when it is not."""
    if answer[field] != reference:
        raise ValueError(f"asked about {reference}, told about {answer[field]!r}")
    return answer


def _object(content: bytes) -> Mapping[str, Any]:
    value = json.loads(content)
    if not isinstance(value, dict):
        raise TypeError("not a JSON object")
    return value


def _read(reading: Callable[[], T]) -> T:
    """Read an answer; what cannot be read says nothing, so it is asked again later."""
    try:
        return reading()
    except _UNREADABLE as error:
        raise ProviderUnreachable(detail=f"unreadable answer: {error!r}") from error
