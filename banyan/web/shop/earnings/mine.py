"""A member's earnings, and the page that says why each of them is what it is."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from banyan.catalog.access import works_in
from banyan.earnings.actions.payouts import SMALLEST_PAYOUT
from banyan.earnings.models import Commission
from banyan.earnings.problems import REASONS
from banyan.earnings.queries import Why, balances, my_commissions, why
from banyan.earnings.rules import Margin
from banyan.kernel.money import Money, format_money
from banyan.people.access import hidden_from
from banyan.people.models import Account
from banyan.web.ui.shapes import Entry, Face
from banyan.web.ui.words import percent

from ...http import actor, number, private, signed_in
from ..people.faces import faces_of, somebody
from .words import account_kind, commission_state, journal_kind

PAGE = 30


@require_safe
@private
@signed_in
def earnings(request: HttpRequest) -> HttpResponse:
    """Show the member's balances and commissions, newest first."""
    account_id = actor(request).id or 0
    standings = balances(account_id)
    found = my_commissions(
        account_id=account_id,
        before=number(request.GET, "before"),
        limit=PAGE + 1,
    )
    context = {
        "nav": "me",
        "standings": standings,
        "least": [
            format_money(Money(SMALLEST_PAYOUT, each.payable.currency)) for each in standings
        ],
        "rows": [_row(each) for each in found[:PAGE]],
        "more_url": f"?before={found[PAGE - 1].pk}" if len(found) > PAGE else "",
    }
    return render(request, "shop/earnings/list.html", context)


def _row(each: Commission) -> dict[str, Any]:
    text, tone = commission_state(each.state)
    return {
        "commission": each,
        "left": Money(each.amount - each.reversed_amount, each.currency),
        "counts": each.state not in {"rejected", "expired", "quoted"},
        "state": text,
        "tone": tone,
        "reason": REASONS.get(each.reason, ""),
        "is_margin": each.kind == "margin",
    }


@require_safe
@private
@signed_in
def earning(request: HttpRequest, commission_id: int) -> HttpResponse:
    """Explain a commission to its payee, its shop and platform staff."""
    who = actor(request)
    told = why(actor=who, commission_id=commission_id)
    commission = told.commission
    sees_refund = who.has_role("support", "finance") or works_in(who, commission.order.shop_id)
    text, tone = commission_state(commission.state)
    owners = [step.owner_id for step in told.path]
    faces = faces_of(Account.objects.filter(pk__in=owners))
    faces |= dict.fromkeys(hidden_from(who, owners), somebody())
    context = {
        "nav": "me",
        "why": told,
        "commission": commission,
        "is_payee": who.id == commission.payee_id,
        "payee": faces.get(commission.payee_id) or Face(commission.payee.display_name),
        "state": text,
        "tone": tone,
        "people": [faces[step.owner_id] for step in told.path if step.owner_id in faces],
        "steps": _steps(told, faces),
        "rule": _rule(told),
        "sums": _sums(told),
        "refunds": [
            {
                "at": _time(past["at"]),
                "goods": Money(past["goods"], commission.currency),
                "reversed": Money(past["reversed"], commission.currency),
                "url": reverse("refund", args=[past["refund"]]) if sees_refund else "",
            }
            for past in told.refunds
        ],
        "journals": _journals(told),
        "entries": _entries(told),
    }
    return render(request, "shop/earnings/why.html", context)


def _time(text: str) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


def _steps(told: Why, faces: dict[int, Face]) -> list[dict[str, Any]]:
    return [
        {
            "face": faces.get(step.owner_id) or Face(f"@{step.handle}", handle=step.handle),
            "at": _time(step.at),
            "level": step.level,
            "is_payee": step.link_id == told.commission.link_id,
        }
        for step in told.path
    ]


def _rule(told: Why) -> list[tuple[Any, ...]]:
    version = told.commission.plan_version
    if version is None:
        return margin_rule(told)
    own = told.rule["scope"] == "product"
    scope = _("This product's own terms") if own else _("The shop's terms")
    rows: list[tuple[Any, ...]] = [
        (_("Terms"), _("%(scope)s, version %(n)s") % {"scope": scope, "n": told.rule["number"]}),
        (_("Commission in all"), rate_text(told.rate_bps)),
        (_("People paid for a sale"), _("at most %(n)s") % {"n": version.levels}),
    ]
    if version.levels > 1:
        rows.append((_("Of it to the direct sharer"), rate_text(told.direct_bps)))
    rows.append((_("Days after receipt until it is payable"), str(told.rule["hold_days"])))
    return rows


def _sums(told: Why) -> list[tuple[Any, ...]]:
    """Return the arithmetic, one line a step; each line's figure follows from those above."""
    if told.margin is not None:
        return [*margin_sums(told.margin, told.commission.currency), *_end(told)]
    line, currency = told.commission.line, told.commission.currency
    rows: list[tuple[Any, ...]] = [(_("Goods on this line"), Money(line.goods_amount, currency))]
    if line.discount_amount:
        rows.append((_("Less the discount"), Money(-line.discount_amount, currency)))
    if taxed := line.goods_amount - line.discount_amount - line.net_amount:
        rows.append((_("Less the tax in it"), Money(-taxed, currency)))
    rows.append((_("Reckoned on (without shipping and tax)"), told.base))
    rate = rate_text(told.rate_bps)
    rows.append((_("Times %(rate)s: the whole commission") % {"rate": rate}, told.budget))
    if told.amount != told.budget:
        rows.append((_share_text(told), told.amount))
    return [*rows, *_end(told)]


def _end(told: Why) -> list[tuple[Any, ...]]:
    """Return what refunds took back and what is left."""
    rows: list[tuple[Any, ...]] = []
    if told.reversed:
        rows.append((_("Less what refunds took back"), -told.reversed))
    if told.commission.state in {"rejected", "expired"}:
        rows.append((_("Not earned"), Money(0, told.commission.currency), "total"))
    else:
        rows.append((_("Left"), told.left, "earned"))
    return rows


def margin_rule(told: Why) -> list[tuple[Any, ...]]:
    """Return the rule of a margin."""
    return [
        (_("Terms"), _("Your own price on your page, less what the supplier gets")),
        (_("Days after receipt until it is payable"), str(told.rule["hold_days"])),
    ]


def margin_sums(margin: Margin, currency: str) -> list[tuple[Any, ...]]:
    """Return how a margin came about, one line a step."""
    n = margin.quantity
    rows: list[tuple[Any, ...]] = [
        (_("Your price, times %(n)s") % {"n": n}, Money(margin.unit * n, currency)),
        (
            _("Less the supplier's price, times %(n)s") % {"n": n},
            Money(-margin.supply * n, currency),
        ),
    ]
    if margin.discount:
        rows.append((_("Less the discount"), Money(-margin.discount, currency)))
    rows.append((_("Your margin"), Money(margin.gross, currency)))
    if margin.tax:
        rows.append((_("Less the tax in it"), Money(-margin.tax, currency)))
    if margin.fee:
        rate = rate_text(margin.fee_bps)
        rows.append(
            (
                _("Less the platform's fee of %(rate)s") % {"rate": rate},
                Money(-margin.fee, currency),
            )
        )
    return rows


def rate_text(bps: int) -> str:
    """Return basis points as a percentage with all the decimals it has."""
    return percent(bps / 10_000, 2 if bps % 100 else 0)


def _share_text(told: Why) -> str:
    if told.commission.level == 1:
        part = rate_text(told.direct_bps)
        return _("Of it %(part)s to the direct sharer") % {"part": part}
    part = rate_text(10_000 - told.direct_bps)
    return _("Of it the rest (about %(part)s) to who brought the direct sharer") % {"part": part}


def _journals(told: Why) -> list[dict[str, Any]]:
    return [
        {
            "journal": journal,
            "title": journal_kind(journal.kind),
            "postings": [
                (account_kind(posting.account.kind), Money(posting.amount, posting.currency))
                for posting in journal.posting_set.all()
            ],
        }
        for journal in told.journals
    ]


def _entries(told: Why) -> list[Entry]:
    commission = told.commission
    entries = [Entry(text=_("The order was placed"), time=commission.created_at, state="good")]
    for change in told.history:
        bad = change.target in {"rejected", "expired", "reversed", "held_fraud"}
        entries.append(
            Entry(
                text=commission_state(change.target)[0],
                time=change.at,
                detail=str(REASONS.get(change.reason, "")),
                state="bad" if bad else "good",
            )
        )
    if commission.state == "held" and commission.hold_until:
        entries.append(Entry(text=_("Payable"), time=commission.hold_until, state="next"))
    return entries
