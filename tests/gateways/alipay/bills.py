"""The daily bill of trades: a zip with two CSV files in GBK, behind an address for 30 seconds.

https://opendocs.alipay.com/open/759e0553_alipay.data.dataservice.bill.downloadurl.query
"""

from __future__ import annotations

import datetime as dt
import io
import secrets
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from tests.gateways.alipay.trades import BEIJING, Trade, Trades, written, yuan

COLUMNS = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,"
    "订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,"
    "券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)
TOTALS = (
    "门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,"
    "商家优惠（元）,卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）"
)
RULE = "#-----------------------------------------业务明细列表"
FEE_BPS = 60
LIFE = dt.timedelta(seconds=30)


class NoBillError(Exception):
    """There is none for that day."""


class Bills:
    """Makes bills of the trades there are."""

    def __init__(self, trades: Trades, seller_id: str) -> None:
        self._trades, self._seller_id = trades, seller_id
        self._files: dict[str, tuple[dt.datetime, dt.date]] = {}
        self.base = ""

    def address(self, content: dict[str, Any]) -> dict[str, Any]:
        """Return where the bill can be had; days that are not over have none."""
        try:
            day = dt.date.fromisoformat(str(content.get("bill_date")))
        except ValueError as error:
            raise NoBillError from error
        today = self._trades.now().astimezone(BEIJING).date()
        if content.get("bill_type") != "trade" or day >= today or not any(self._rows(day)):
            raise NoBillError
        token = secrets.token_hex(16)
        self._files[token] = (self._trades.now() + LIFE, day)
        query = {
            "bizType": "trade",
            "userId": self._seller_id + "0156",
            "fileType": "csv.zip",
            "bizDates": day.strftime("%Y%m%d"),
            "downloadFileName": f"{self._seller_id}0156_{day:%Y%m%d}.csv.zip",
            "fileId": token,
        }
        return {"bill_download_url": f"{self.base}/downloadBillFile.resource?{urlencode(query)}"}

    def file(self, token: str) -> bytes | None:
        """Return the zip; None when the address has run out."""
        until, day = self._files.get(token, (dt.datetime.min.replace(tzinfo=dt.UTC), dt.date.min))
        return self._zip(day) if self._trades.now() < until else None

    def _zip(self, day: dt.date) -> bytes:
        after = day + dt.timedelta(days=1)
        head = [
            "#支付宝业务明细查询",
            f"#账号：[{self._seller_id}0156]",
            f"#起始日期：[{day:%Y年%m月%d日} 00:00:00]   终止日期：[{after:%Y年%m月%d日} 00:00:00]",
        ]
        rows = list(self._rows(day))
        trades = [*head, f"{RULE}----------------------------------------", COLUMNS, *rows]
        trades += [f"{RULE}结束------------------------------------", f"#共{len(rows)}笔"]
        totals = ["#支付宝业务汇总查询", *head[1:], TOTALS, "合计\t,\t," + "0," * 9 + "0"]
        name = f"{self._seller_id}0156_{day:%Y%m%d}_业务明细"
        found = io.BytesIO()
        with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as archive:
            for file, lines in ((f"{name}.csv", trades), (f"{name}(汇总).csv", totals)):
                # The real files' names are GBK without the mark of UTF-8.
                entry = zipfile.ZipInfo(file.encode("gbk").decode("cp437", errors="replace"))
                archive.writestr(entry, "\r\n".join([*lines, ""]).encode("gbk"))
        return found.getvalue()

    def _rows(self, day: dt.date) -> Iterator[str]:
        for trade in self._trades.by_number.values():
            if trade.paid_at is not None and trade.paid_at.astimezone(BEIJING).date() == day:
                yield self._row(trade, "交易", trade.fen, "", trade.paid_at)
            for refund in trade.refunds.values():
                if refund.done_at is not None and refund.done_at.astimezone(BEIJING).date() == day:
                    yield self._row(trade, "退款", -refund.fen, refund.request_no, refund.done_at)

    def _row(self, trade: Trade, kind: str, fen: int, request: str, at: dt.datetime) -> str:
        sign = "-" if fen < 0 else ""
        amount = f"{sign}{yuan(abs(fen))}"
        fee = (abs(fen) * FEE_BPS + 5000) // 10000
        cost = f"{'' if fen < 0 else '-'}{yuan(fee)}"
        cells = [f"{trade.trade_no}\t", f"{trade.out_trade_no}\t", f"{kind}\t", trade.subject]
        cells += [
            written(trade.created_at),
            written(at),
            "\t",
            "\t",
            "\t",
            "\t",
            "*明(159****5620)",
        ]
        cells += [amount, amount, "0.00", "0.00", "0.00", "0.00", "0.00", "", "0.00\t", "0.00"]
        cells += [f"{request}\t", cost, "0.00", ""]
        return ",".join(cells)
