"""The trade bill: fetched, checked, read, and compared with the books."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.models import AuditEntry
from banyan.kernel.money import Money
from banyan.ledger.models import Journal
from banyan.payments import actions, providers
from banyan.payments.actions.intents import charge_of
from banyan.payments.actions.refunds import _order
from banyan.payments.models import Attempt, Intent, Refund
from banyan.payments.problems import ProviderRefused, ProviderUnknown, ProviderUnreachable
from banyan.payments.providers.bills import BillLine
from banyan.payments.providers.wechat.bill import lines_of
from banyan.payments.rules import TO_WALLET, Reference
from tests.payments.till import BUYER, opened, refunded, started, told
from tests.payments.wechat.driver import Wechat, deliver, trade_no

pytestmark = pytest.mark.django_db
CRON = Actor.system("test")
CHINA = dt.timezone(dt.timedelta(hours=8))
NOON = dt.datetime.combine(dt.datetime.now(CHINA).date(), dt.time(12), tzinfo=CHINA)
DAY = NOON.date()


@pytest.fixture(autouse=True)
def noon(wechat: Wechat) -> Iterator[None]:
    """Trade at noon in China, far from the end of a day."""
    with clock.at(NOON):
        wechat.configure(offset=(NOON - dt.datetime.now(dt.UTC)).total_seconds())
        yield


def paid(wechat: Wechat, amount: int = 12900) -> Intent:
    intent = started("wechat", amount=amount)
    wechat.pay(intent)
    assert deliver(wechat.told()) == 200
    intent.refresh_from_db()
    assert intent.state == "captured"
    return intent


def sent(wechat: Wechat, intent: Intent, amount: int, key: str = "r1") -> Refund:
    refund = actions.submit_refund(actor=CRON, refund_id=refunded(intent, amount, key).pk)
    wechat.settle(refund)
    assert deliver(wechat.told()) == 200
    refund.refresh_from_db()
    return refund


class tomorrow:  # noqa: N801 - reads as what it is
    """The day after, at eleven: the bill is there."""

    def __init__(self, wechat: Wechat, hour: int = 11) -> None:
        then = dt.datetime.combine(DAY + dt.timedelta(days=1), dt.time(hour), tzinfo=CHINA)
        wechat.configure(offset=(then - dt.datetime.now(dt.UTC)).total_seconds())
        self._clock = clock.at(then)

    def __enter__(self) -> None:
        self._clock.__enter__()

    def __exit__(self, *error: Any) -> None:
        self._clock.__exit__(*error)


def bill(wechat: Wechat) -> list[BillLine]:
    with tomorrow(wechat):
        return list(providers.get("wechat").bill(DAY))  # type: ignore[attr-defined]


def compared(wechat: Wechat) -> actions.Reconciliation:
    with tomorrow(wechat):
        return actions.reconcile(actor=CRON, provider="wechat", day=DAY)


def said(result: actions.Reconciliation) -> list[tuple[str, str, str, int | None, int | None]]:
    return [
        (
            one.kind,
            one.about,
            one.reference or one.provider_ref,
            one.here.amount if one.here else None,
            one.there.amount if one.there else None,
        )
        for one in result.differences
    ]


def test_the_bill_has_every_payment_and_refund_of_the_day(wechat: Wechat) -> None:
    first, second = paid(wechat), paid(wechat, 1)
    refund = sent(wechat, first, 5000)

    lines = bill(wechat)

    assert sorted((line.kind, line.reference, line.money) for line in lines) == sorted(
        [
            ("payment", trade_no(first), Money(12900, "CNY")),
            ("payment", trade_no(second), Money(1, "CNY")),
            ("refund", f"refund-{refund.pk}-1", Money(5000, "CNY")),
        ],
        key=lambda line: line[:2],
    )
    fees = {line.reference: line.fee for line in lines}
    assert fees[trade_no(first)] == Money(77, "CNY")
    assert fees[trade_no(second)] == Money(0, "CNY")
    assert fees[f"refund-{refund.pk}-1"] == Money(-30, "CNY")
    assert {line.at.astimezone(CHINA).date() for line in lines} == {DAY}
    assert next(line for line in lines if line.kind == "refund").provider_ref == refund.provider_ref


def test_the_bill_equals_the_books(wechat: Wechat) -> None:
    first = paid(wechat)
    paid(wechat, 500)
    sent(wechat, first, 5000)
    sent(wechat, first, 100, "r2")
    before = Journal.objects.count()

    result = compared(wechat)

    assert (result.clean, result.lines, result.differences) == (True, 4, ())
    assert result.fees == {"CNY": Money(77 + 3 - 30 - 1, "CNY")}
    assert Journal.objects.count() == before
    entry = AuditEntry.objects.get(action="payments.reconcile")
    assert entry.detail == {"day": DAY.isoformat(), "lines": 4, "differences": [], "found": 0}
    assert entry.subject_label == "wechat"


def test_the_number_of_statements_does_not_grow_with_the_bill(wechat: Wechat) -> None:
    counts: list[int] = []
    for _ in range(2):
        for number in range(2):
            sent(wechat, paid(wechat), 100, f"r{len(counts)}-{number}")
        with CaptureQueriesContext(connection) as seen:
            assert compared(wechat).clean
        counts.append(len(seen))
        wechat.configure(offset=(NOON - dt.datetime.now(dt.UTC)).total_seconds())
    assert counts[0] == counts[1]


def test_money_that_arrived_and_is_not_booked(wechat: Wechat) -> None:
    paid(wechat)
    intent = started("wechat", amount=700)
    wechat.pay(intent)
    assert said(compared(wechat)) == [("missing_here", "payment", trade_no(intent), None, 700)]


def test_a_payment_of_somebody_else_on_the_same_account(wechat: Wechat) -> None:
    other = opened("wechat", amount=300)
    started_elsewhere = trade_no(other, 7)
    providers.get("wechat")._gateway.post(  # type: ignore[attr-defined]
        "/v3/pay/transactions/native",
        {
            "appid": "wxd678efh567hg6787",
            "mchid": "1900000001",
            "description": "till, cash desk 1",
            "out_trade_no": started_elsewhere,
            "notify_url": "https://elsewhere.test/hook",
            "amount": {"total": 300, "currency": "CNY"},
        },
    )
    wechat.control("pay", out_trade_no=started_elsewhere)
    assert said(compared(wechat)) == [("missing_here", "payment", started_elsewhere, None, 300)]


def test_a_booked_payment_that_wechat_pay_does_not_have(wechat: Wechat) -> None:
    good, bad = paid(wechat), started("wechat", amount=800)
    actions.capture(actor=BUYER, intent_id=bad.pk, paid=told(bad))
    assert said(compared(wechat)) == [("missing_there", "payment", trade_no(bad), 800, None)]
    assert Intent.objects.get(pk=good.pk).state == "captured"


def test_amounts_that_differ(wechat: Wechat) -> None:
    intent = paid(wechat)
    refund = sent(wechat, intent, 5000)
    number = str(Reference("refund", refund.pk, 1))
    wechat.configure(bill_amounts={trade_no(intent): 12800, number: 4900})
    assert said(compared(wechat)) == [
        ("amount", "payment", trade_no(intent), 12900, 12800),
        ("amount", "refund", number, 5000, 4900),
    ]


def test_refunds_that_one_side_does_not_have(wechat: Wechat) -> None:
    intent = paid(wechat)
    gone = sent(wechat, intent, 5000)
    lost = refunded(intent, 300, "r2")
    providers.get("wechat").refund(_order(lost))
    wechat.configure(bill_drop=[f"refund-{gone.pk}-1"])
    assert said(compared(wechat)) == [
        ("missing_here", "refund", f"refund-{lost.pk}-1", None, 300),
        ("missing_there", "refund", f"refund-{gone.pk}-1", 5000, None),
    ]


def test_a_refund_under_way_is_no_difference_and_a_failed_one_is_not_in_the_bill(
    wechat: Wechat,
) -> None:
    intent = paid(wechat)
    way = actions.submit_refund(actor=CRON, refund_id=refunded(intent, 100, "r1").pk)
    closed = actions.submit_refund(actor=CRON, refund_id=refunded(intent, 200, "r2").pk)
    wechat.settle(closed, "CLOSED")
    assert deliver(wechat.told()) == 200
    assert [line.reference for line in bill(wechat) if line.kind == "refund"] == [
        f"refund-{way.pk}-1"
    ]


def test_a_refund_that_is_not_done_for_us_and_is_for_them_is_told(wechat: Wechat) -> None:
    refund = actions.submit_refund(actor=CRON, refund_id=refunded(paid(wechat), 100).pk)
    wechat.settle(refund, "ABNORMAL")
    assert deliver(wechat.told()) == 200
    assert said(compared(wechat)) == [
        ("missing_here", "refund", f"refund-{refund.pk}-1", None, 100)
    ]


def test_a_refund_that_became_credit_here_is_no_matter_of_the_bill(wechat: Wechat) -> None:
    refund = refunded(paid(wechat), 100, destination=TO_WALLET)
    actions.submit_refund(actor=CRON, refund_id=refund.pk)
    assert Refund.objects.get(pk=refund.pk).state == "succeeded"
    assert compared(wechat).clean


def test_a_second_payment_is_compared_under_its_own_number(wechat: Wechat) -> None:
    intent = paid(wechat)
    attempt = Attempt.objects.create(
        intent=intent,
        number=2,
        provider_ref=trade_no(intent, 2),
        outcome="cancelled",
        started_at=clock.now(),
    )
    providers.get("wechat").start(
        charge_of(intent, attempt),
        return_url="https://shop.test/",
        webhook_url="https://shop.test/pay/hook/wechat",
        locale="en",
        context={},
    )
    wechat.pay(intent, number=2)
    assert deliver(wechat.told()) == 200
    refund = Refund.objects.get()
    actions.submit_refund(actor=CRON, refund_id=refund.pk)
    result = compared(wechat)
    assert (result.lines, result.clean) == (3, True)


def test_a_line_twice_is_money_twice(wechat: Wechat, monkeypatch: pytest.MonkeyPatch) -> None:
    intent = paid(wechat)
    (line,) = bill(wechat)
    monkeypatch.setattr(type(providers.get("wechat")), "bill", lambda self, day: [line, line])
    assert said(compared(wechat)) == [("missing_here", "payment", trade_no(intent), None, 12900)]


def test_a_day_without_trade_has_no_lines(wechat: Wechat) -> None:
    assert bill(wechat) == []
    result = compared(wechat)
    assert (result.clean, result.lines, result.fees) == (True, 0, {})


def test_other_days_are_left_alone(wechat: Wechat) -> None:
    intent = started("wechat")
    with clock.at(NOON - dt.timedelta(days=1)):
        actions.capture(actor=BUYER, intent_id=intent.pk, paid=told(intent))
    assert compared(wechat).clean


def test_before_ten_the_bill_is_not_there_yet(wechat: Wechat) -> None:
    paid(wechat)
    with tomorrow(wechat, hour=9), pytest.raises(ProviderUnreachable, match="STATEMENT_CREATING"):
        actions.reconcile(actor=CRON, provider="wechat", day=DAY)


def test_a_day_that_is_not_over_is_refused(wechat: Wechat) -> None:
    with pytest.raises(ProviderRefused) as refused:
        actions.reconcile(actor=CRON, provider="wechat", day=DAY)
    assert refused.value.reason == "INVALID_REQUEST"


def test_a_bill_that_does_not_match_its_hash_is_not_read(wechat: Wechat) -> None:
    paid(wechat)
    wechat.configure(bill_hash="79bb0f45fc4c42234a918000b2668d689e2bde04")
    with tomorrow(wechat), pytest.raises(ProviderUnreachable, match="hash"):
        actions.reconcile(actor=CRON, provider="wechat", day=DAY)
    assert not AuditEntry.objects.exists()


def test_a_provider_without_bills_says_so(wechat: Wechat) -> None:
    with pytest.raises(ProviderUnknown):
        actions.reconcile(actor=CRON, provider="wallet", day=DAY)
    with pytest.raises(ProviderUnknown):
        actions.reconcile(actor=CRON, provider="nobody", day=DAY)


def test_the_command_tells_and_fails_on_differences(wechat: Wechat) -> None:
    paid(wechat)
    out = io.StringIO()
    with tomorrow(wechat):
        call_command("reconcile", "wechat", DAY.isoformat(), stdout=out)
    assert "1 lines, fees 0.77 CNY" in out.getvalue()
    assert "bill and books agree" in out.getvalue()

    wechat.configure(bill_amounts={trade_no(Intent.objects.get()): 1})
    with tomorrow(wechat), pytest.raises(SystemExit) as end:
        call_command("reconcile", "wechat", DAY.isoformat(), stdout=out)
    assert end.value.code == 1
    assert "here 129.00 CNY, there 0.01 CNY" in out.getvalue()
    assert "1 differences" in out.getvalue()


@pytest.mark.parametrize(
    ("provider", "day"),
    [("wechat", "yesterday"), ("nobody", "2026-01-01"), ("wechat", "1999-01-01")],
)
def test_the_command_says_what_it_cannot_do(wechat: Wechat, provider: str, day: str) -> None:
    with pytest.raises(CommandError):
        call_command("reconcile", provider, day)


# -- the file, without a gateway -------------------------------------------------------------------

NAMES = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,"
    "付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,"
    "退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
LINE = (
    "`2026-07-31 23:59:59,`wx1,`1900000001,`0,`,`4200000612,`pay-7-1,`oid,`JSAPI,`SUCCESS,`OTHERS,"
    "`CNY,`0.90,`0.10,`0,`0,`0.00,`0.00,`,`,`Cup, blue, 3%,`,`0.00500,`0.60%,`1.00,`0.00,`"
)
SUMS = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
)


def file(*lines: str, count: str = "1", paid: str = "1.00") -> str:
    sums = f"`{count},`0.90,`0.00,`0.00,`0.00500,`{paid},`0.00"
    return "\ufeff" + "\r\n".join([NAMES, *lines, SUMS, sums, ""])


def test_a_line_is_read_with_commas_in_its_texts_and_its_fee_rounded() -> None:
    (line,) = lines_of(file(LINE))
    assert line == BillLine(
        reference="pay-7-1",
        provider_ref="4200000612",
        kind="payment",
        money=Money(100, "CNY"),
        fee=Money(1, "CNY"),
        at=dt.datetime(2026, 7, 31, 23, 59, 59, tzinfo=CHINA),
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nothing at all",
        NAMES,
        f"{NAMES}\n{LINE}",
        file(LINE, count="2"),
        file(LINE, paid="1.01"),
        file(LINE.removesuffix(",`")),
        file(LINE.replace("`1.00", "`one")),
        file(LINE.replace("2026-07-31", "31/07/2026")),
        file(LINE).replace("商户订单号", "订单"),
    ],
)
def test_a_file_that_is_not_as_published_is_not_read(text: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        lines_of(text)


@pytest.mark.parametrize("torn", ["\u2028", "\x0b", "\x85"])
def test_a_letter_that_only_some_take_for_the_end_of_a_line_is_none(torn: str) -> None:
    (line,) = lines_of(file(LINE.replace("Cup, blue", f"Cup{torn}blue")))
    assert line.reference == "pay-7-1"
