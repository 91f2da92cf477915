"""The daily bill: downloaded, read, and equal to the books."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.models import AuditEntry
from banyan.kernel.money import Money
from banyan.ledger.models import Journal
from banyan.payments import actions
from banyan.payments.models import Intent, Refund
from banyan.payments.problems import ProviderRefused, ProviderUnreachable
from banyan.payments.providers.alipay import AlipayProvider
from banyan.payments.providers.alipay.bill import lines_of
from banyan.payments.providers.alipay.values import BEIJING
from tests.gateways.alipay.bills import COLUMNS, TOTALS
from tests.payments.alipay.driver import Alipay, deliver
from tests.payments.till import refunded, started

pytestmark = pytest.mark.django_db
CRON = Actor.system("test")
DAY = dt.timedelta(days=1)


def today() -> dt.date:
    return clock.now().astimezone(BEIJING).date()


def paid(alipay: Alipay, amount: int) -> Intent:
    intent = started("alipay", amount=amount)
    alipay.pay(intent.pay_url)
    deliver(alipay.notices()[-1])
    intent.refresh_from_db()
    return intent


@pytest.fixture
def tomorrow(alipay: Alipay) -> Iterator[dt.datetime]:
    """It is noon of the next day, here and there; what happens in the test is of today."""
    noon = dt.datetime.combine(today() + DAY, dt.time(12), BEIJING)
    ahead = (noon - clock.now()).total_seconds()
    yield noon
    alipay.control("advance", seconds=-ahead)


def at(alipay: Alipay, moment: dt.datetime) -> Any:
    alipay.control("advance", seconds=(moment - clock.now()).total_seconds())
    return clock.at(moment)


def test_the_bill_of_a_day_says_what_the_books_say(alipay: Alipay, tomorrow: dt.datetime) -> None:
    day = today()
    whole, part = paid(alipay, 12900), paid(alipay, 4550)
    first, second = refunded(whole, 12900, "r1"), refunded(part, 50, "r2")
    for refund in (first, second):
        assert actions.submit_refund(actor=CRON, refund_id=refund.pk).state == "succeeded"

    with at(alipay, tomorrow):
        lines = AlipayProvider().bill(day)

    ours = {
        f"pay-{whole.pk}-1",
        f"pay-{part.pk}-1",
        f"refund-{first.pk}-1",
        f"refund-{second.pk}-1",
    }
    found = {line.reference: line for line in lines if line.reference in ours}
    assert set(found) == ours
    for intent in Intent.objects.filter(state="captured"):
        line = found[f"pay-{intent.pk}-1"]
        assert (line.kind, line.money) == ("payment", Money(intent.captured_amount, "CNY"))
        assert line.at == (intent.captured_at or clock.now()).replace(microsecond=0)
        assert line.provider_ref.isdigit()
    for refund in Refund.objects.all():
        line = found[f"refund-{refund.pk}-1"]
        assert (line.kind, line.money) == ("refund", Money(refund.amount, "CNY"))
        assert line.provider_ref == found[f"pay-{refund.intent_id}-1"].provider_ref
    assert found[f"pay-{whole.pk}-1"].fee == Money(77, "CNY")  # 0.6 percent, kept
    assert found[f"refund-{first.pk}-1"].fee == Money(-77, "CNY")  # and given back


def reconciled(alipay: Alipay, noon: dt.datetime, day: dt.date) -> tuple[int, str]:
    """Run the command of the day; its exit code and what it says."""
    out, code = io.StringIO(), 0
    with at(alipay, noon):
        try:
            call_command("reconcile", "alipay", day.isoformat(), stdout=out)
        except SystemExit as end:
            code = int(str(end.code))
    return code, out.getvalue()


def test_reconcile_finds_bill_and_books_equal(alipay: Alipay, tomorrow: dt.datetime) -> None:
    day = today()
    first = paid(alipay, 12900)
    paid(alipay, 500)
    for key, amount in (("r1", 5000), ("r2", 100)):
        actions.submit_refund(actor=CRON, refund_id=refunded(first, amount, key).pk)
    journals = Journal.objects.count()

    code, said = reconciled(alipay, tomorrow, day)

    assert (code, "4 lines" in said, "bill and books agree" in said) == (0, True, True), said
    assert Journal.objects.count() == journals


def test_reconcile_finds_what_alipay_has_and_the_books_have_not(
    alipay: Alipay, tomorrow: dt.datetime
) -> None:
    day = today()
    intent = started("alipay", amount=700)
    alipay.pay(intent.pay_url)  # nobody tells us

    code, said = reconciled(alipay, tomorrow, day)

    assert (code, f"missing_here payment pay-{intent.pk}-1" in said) == (1, True), said
    intent.refresh_from_db()
    assert intent.state == "pending"


def test_reconcile_finds_another_amount_and_what_alipay_has_not(
    alipay: Alipay, tomorrow: dt.datetime
) -> None:
    day = today()
    wrong = paid(alipay, 12900)
    Intent.objects.filter(pk=wrong.pk).update(captured_amount=12800)
    ghost = started("alipay", amount=800)
    paid_here = actions.Paid(
        provider_ref=ghost.provider_ref, money=Money(800, "CNY"), at=clock.now()
    )
    actions.capture(actor=CRON, intent_id=ghost.pk, paid=paid_here)

    code, said = reconciled(alipay, tomorrow, day)

    assert code == 1
    assert f"amount payment pay-{wrong.pk}-1" in said
    assert f"missing_there payment {ghost.provider_ref}" in said


def test_reconcile_before_the_bill_is_made_compares_nothing(alipay: Alipay) -> None:
    with pytest.raises(CommandError, match="no comparison"):
        call_command("reconcile", "alipay", today().isoformat())
    assert not AuditEntry.objects.filter(action="payments.reconcile").exists()


def test_a_bill_that_is_not_made_yet_is_asked_for_later(alipay: Alipay) -> None:
    with pytest.raises(ProviderUnreachable):
        AlipayProvider().bill(today())


def test_a_day_without_trade_has_no_lines(alipay: Alipay) -> None:
    assert AlipayProvider().bill(dt.date(2020, 2, 29)) == []


def test_an_address_that_ran_out_is_asked_for_again(
    alipay: Alipay, tomorrow: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = today()
    paid(alipay, 100)
    provider = AlipayProvider()
    with at(alipay, tomorrow):
        download = provider._gateway.download

        def late(url: str) -> bytes:
            alipay.control("advance", seconds=31)
            try:
                return download(url)
            finally:
                alipay.control("advance", seconds=-31)

        monkeypatch.setattr(provider._gateway, "download", late)
        with pytest.raises(ProviderUnreachable):
            provider.bill(day)


def zipped(**files: str) -> bytes:
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.csv", text.encode("gbk"))
    return found.getvalue()


def row(**changes: str) -> str:
    """Return a line as the documents show it: tabs after numbers, no quotes."""
    cells = dict.fromkeys(COLUMNS.split(","), "")
    cells |= {
        "支付宝交易号": "2026060522001419931441931972\t",
        "商户订单号": "pay_12_1\t",
        "业务类型": "交易\t",
        "商品名称": "杯子",
        "创建时间": "2026-06-05 16:01:34",
        "完成时间": "2026-06-05 16:01:38",
        "订单金额（元）": "9.90",
        "服务费（元）": "-0.06",
    }
    return ",".join((cells | changes).values())


def test_a_line_is_read_in_our_terms() -> None:
    text = "\r\n".join(["#支付宝业务明细查询", "#账号：[2088]", COLUMNS, row(), "#结束", ""])
    (line,) = lines_of(zipped(detail=text, totals=f"#汇总\r\n{TOTALS}\r\n合计,,1"))
    assert (line.reference, line.provider_ref) == ("pay-12-1", "2026060522001419931441931972")
    assert (line.kind, line.money, line.fee) == ("payment", Money(990, "CNY"), Money(6, "CNY"))
    assert line.at == dt.datetime(2026, 6, 5, 8, 1, 38, tzinfo=dt.UTC)


def test_lines_of_other_systems_keep_their_own_numbers() -> None:
    strangers = [row(商户订单号="T-1"), row(商户订单号="pay-12-1"), row(业务类型="退款")]
    text = "\n".join([COLUMNS, *strangers])
    assert [line.reference for line in lines_of(zipped(detail=text))] == ["T-1", "pay-12-1", ""]


@pytest.mark.parametrize("torn", [{"商品名称": "杯,子,"}, {"备注": "a,b"}])
def test_a_comma_in_a_title_or_a_remark_moves_nothing(torn: dict[str, str]) -> None:
    (line,) = lines_of(zipped(detail=f"{COLUMNS}\n{row(**torn)}"))
    assert (line.reference, line.money) == ("pay-12-1", Money(990, "CNY"))
    assert line.fee == Money(6, "CNY")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>not found</html>",
        zipped(totals=f"{TOTALS}\n合计,,1"),
        zipped(detail=f"{COLUMNS}\n{row(业务类型='其他')}"),
        zipped(detail=f"{COLUMNS}\n{row(商品名称='杯,子', 创建时间='')}"),
        zipped(detail=f"{COLUMNS}\n{row().rpartition(',')[0]}"),
        zipped(detail=f"{COLUMNS}\n{row(**{'订单金额（元）': '9.901'})}"),
        zipped(detail=f"{COLUMNS}\n{row(完成时间='')}"),
    ],
)
def test_a_bill_of_another_shape_is_refused_as_a_whole(data: bytes) -> None:
    with pytest.raises(ProviderRefused) as refused:
        lines_of(data)
    assert refused.value.reason == "bill_unreadable"


@pytest.mark.parametrize("title", ['"好"杯', '"杯', '12"盘', "杯\x0b子", "杯\x1c子"])
def test_what_a_title_is_written_with_swallows_and_tears_no_line(title: str) -> None:
    """Titles of other systems on the same account are as their shops wrote them."""
    rows = [row(商户订单号=f"T-{n}", 商品名称=title) for n in (1, 2, 3)]
    found = lines_of(zipped(detail="\r\n".join([COLUMNS, *rows, row(), "#结束", ""])))
    assert [line.reference for line in found] == ["T-1", "T-2", "T-3", "pay-12-1"]


def test_a_quote_in_a_long_bill_does_no_harm() -> None:
    rows = [row(商户订单号="T-1", 商品名称='"杯'), *[row()] * 2000]
    assert len(lines_of(zipped(detail="\r\n".join([COLUMNS, *rows])))) == 2001


def test_a_bill_that_was_damaged_on_its_way_is_refused_as_a_whole() -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("detail.csv", f"{COLUMNS}\n{row()}".encode("gbk"))
    data = bytearray(whole.getvalue())
    for place in range(45, 75):
        data[place] ^= 0xFF
    with pytest.raises(ProviderRefused) as refused:
        lines_of(bytes(data))
    assert refused.value.reason == "bill_unreadable"
