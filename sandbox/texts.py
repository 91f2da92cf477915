"""The words of the pay page in its three languages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ENGLISH = {
    "brand": "Sandbox Pay",
    "test_line": "Test gateway. No real money moves here.",
    "title_open": "Pay {amount}",
    "title_paid": "Paid",
    "title_cancelled": "Cancelled",
    "title_missing": "No such payment",
    "title_refused": "That did not work",
    "amount_label": "Amount",
    "for_label": "For",
    "reference_label": "Reference",
    "back_label": "Then back to",
    "minutes_left": "This page is open for another {minutes} min.",
    "pay": "Pay {amount}",
    "cancel": "Cancel and go back",
    "declined": "Declined: insufficient funds. Nothing was taken. You can try again.",
    "outcomes": "Test outcomes",
    "outcomes_hint": "What should the bank and the network do this time?",
    "insufficient_funds": "Decline",
    "insufficient_funds_hint": "Insufficient funds; you can try again here.",
    "late": "Pay, message 20 s late",
    "late_hint": "You are back long before the shop hears of it.",
    "never": "Pay, message never sent",
    "never_hint": "The shop must ask by itself.",
    "twice": "Pay, message sent twice",
    "twice_hint": "The shop must count it once.",
    "before_redirect": "Pay, message before you return",
    "before_redirect_hint": "You are sent back after the shop has answered.",
    "leave": "Leave, pay nothing, cancel nothing",
    "leave_hint": "The payment stays open, as when a phone dies.",
    "paid_text": "{amount} was paid in this test. The shop has the last word on your order.",
    "cancelled_text": "This payment was cancelled or its time ran out. Nothing was taken.",
    "missing_text": "Check the address, or go back to the shop and start again.",
    "return": "Back to the shop",
}

SIMPLIFIED = {
    "brand": "沙盒支付",
    "test_line": "测试网关，不涉及真实资金。",
    "title_open": "支付 {amount}",
    "title_paid": "已支付",
    "title_cancelled": "已取消",
    "title_missing": "没有这笔支付",
    "title_refused": "操作未成功",
    "amount_label": "金额",
    "for_label": "商品",
    "reference_label": "参考号",
    "back_label": "完成后返回",
    "minutes_left": "本页面还可使用 {minutes} 分钟。",
    "pay": "支付 {amount}",
    "cancel": "取消并返回",
    "declined": "支付被拒：余额不足。没有扣款，可以重试。",
    "outcomes": "测试结果",
    "outcomes_hint": "这一次，银行和网络应该怎样表现？",
    "insufficient_funds": "拒付",
    "insufficient_funds_hint": "余额不足，可在本页重试。",
    "late": "支付，通知晚到 20 秒",
    "late_hint": "您先回到商店，商店稍后才收到通知。",
    "never": "支付，通知永不送达",
    "never_hint": "商店必须自己来查询。",
    "twice": "支付，通知送达两次",
    "twice_hint": "商店只能记一次。",
    "before_redirect": "支付，先通知后返回",
    "before_redirect_hint": "商店应答之后，您才返回。",
    "leave": "离开，不支付也不取消",
    "leave_hint": "支付保持待付，就像手机突然没电。",
    "paid_text": "本次测试已支付 {amount}。订单状态以商店为准。",
    "cancelled_text": "这笔支付已取消或已超时，没有扣款。",
    "missing_text": "请检查网址，或返回商店重新开始。",
    "return": "返回商店",
}

TRADITIONAL = {
    "brand": "沙盒支付",
    "test_line": "測試閘道，不涉及真實款項。",
    "title_open": "支付 {amount}",
    "title_paid": "已付款",
    "title_cancelled": "已取消",
    "title_missing": "沒有這筆付款",
    "title_refused": "操作未成功",
    "amount_label": "金額",
    "for_label": "商品",
    "reference_label": "參考編號",
    "back_label": "完成後返回",
    "minutes_left": "本頁面還可使用 {minutes} 分鐘。",
    "pay": "支付 {amount}",
    "cancel": "取消並返回",
    "declined": "付款遭拒：餘額不足。沒有扣款，可以重試。",
    "outcomes": "測試結果",
    "outcomes_hint": "這一次，銀行和網路應該怎樣表現？",
    "insufficient_funds": "拒絕付款",
    "insufficient_funds_hint": "餘額不足，可在本頁重試。",
    "late": "付款，通知晚到 20 秒",
    "late_hint": "您先回到商店，商店稍後才收到通知。",
    "never": "付款，通知永不送達",
    "never_hint": "商店必須自己來查詢。",
    "twice": "付款，通知送達兩次",
    "twice_hint": "商店只能記一次。",
    "before_redirect": "付款，先通知後返回",
    "before_redirect_hint": "商店回應之後，您才返回。",
    "leave": "離開，不付款也不取消",
    "leave_hint": "付款保持待付，就像手機突然沒電。",
    "paid_text": "本次測試已支付 {amount}。訂單狀態以商店為準。",
    "cancelled_text": "這筆付款已取消或已逾時，沒有扣款。",
    "missing_text": "請檢查網址，或返回商店重新開始。",
    "return": "返回商店",
}

TEXTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"en": ENGLISH, "zh-Hans": SIMPLIFIED, "zh-Hant": TRADITIONAL}
)
_TRADITIONAL_REGIONS = frozenset({"hant", "tw", "hk", "mo"})


def language(locale: str) -> str:
    """Return ``en``, ``zh-Hans`` or ``zh-Hant`` for any locale name."""
    parts = locale.replace("_", "-").casefold().split("-")
    if parts[0] != "zh":
        return "en"
    if "hans" not in parts and _TRADITIONAL_REGIONS & set(parts):
        return "zh-Hant"
    return "zh-Hans"
