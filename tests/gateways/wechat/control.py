"""What payers, banks, networks and time do: POST below ``/control``, JSON in and out.

reset {} | settings {fields of Settings} | pay {out_trade_no, total?, currency?, at?} |
paying {out_trade_no} | order {out_trade_no} | came_from {} | settle {out_refund_no, status} |
notifications {} | envelope {id, changes?} | send {id, times?} |
code {appid, person} (of any app) | openid (likewise)
"""

from __future__ import annotations

from typing import Any

from . import notices, orders, people, refunds, sharing
from .state import Refusal, State


def act(state: State, verb: str, asked: dict[str, Any]) -> Any:
    """Do what a test asks for; ``send`` posts without the lock, as its receiver may call back."""
    if verb == "send":
        with state.lock:
            notice = notices.find(state, asked["id"])
        return {"statuses": [notices.send(state, notice) for _ in range(asked.get("times", 1))]}
    with state.lock:
        if verb == "reset":
            state.clear()
            return {}
        if verb == "settings":
            for name, value in asked.items():
                setattr(state.settings, name, value)
            return {}
        if verb == "pay":
            order = orders.find(state, asked["out_trade_no"], state.keys.mchid)
            orders.pay(
                state,
                order,
                total=asked.get("total", order.total),
                currency=asked.get("currency", "CNY"),
                at=asked.get("at") or state.moment(),
            )
            return orders.show(state, order)
        if verb == "paying":
            orders.find(state, asked["out_trade_no"], state.keys.mchid).state = "USERPAYING"
            return {}
        if verb == "settle":
            refund = refunds.find(state, asked["out_refund_no"])
            refunds.settle(state, refund, asked["status"])
            return refunds.show(refund)
        if verb == "code":
            return {"code": people.code_for(state, asked["appid"], asked["person"])}
        if verb == "openid":
            return {"openid": people.openid_of(state, asked["appid"], asked["person"])}
        if verb == "share":
            made = sharing.find(state, asked["out_order_no"])
            made.result, made.finish_time = asked["result"], state.moment()
            return sharing.show(made)
        if verb == "share_return":
            state.share_returns[asked["out_return_no"]].result = asked["result"]
            return {}
        if verb == "shares":
            return {
                "shares": [sharing.show(one) for one in state.shares.values()],
                "returns": [sharing.show_return(one) for one in state.share_returns.values()],
                "let_go": sorted(state.let_go),
            }
        if verb == "asked_back":
            return state.asked_back
        if verb == "order":
            return orders.find(state, asked["out_trade_no"], state.keys.mchid).asked
        if verb == "came_from":
            return state.came_from
        if verb == "notifications":
            return [
                {"id": one.id, "event_type": one.event_type, "url": one.url, "answers": one.answers}
                for one in state.notices
            ]
        if verb == "envelope":
            return notices.envelope(state, notices.find(state, asked["id"]), asked.get("changes"))
    raise Refusal(404, "RESOURCE_NOT_EXISTS", f"no verb {verb!r}")
