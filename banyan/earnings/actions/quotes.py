"""At placement: who would earn what from each line, frozen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from banyan.catalog.queries import staff_of
from banyan.kernel import clock, events, locks
from banyan.kernel.actors import Actor
from banyan.kernel.remembered import insert
from banyan.kernel.states import transition
from banyan.ledger import actions as ledger
from banyan.orders.events import OrderPlaced
from banyan.orders.models import Checkout, Order, OrderLine
from banyan.orders.reading import lines_with_orders
from banyan.sharing.queries.attribution import account_of_browser
from banyan.trust.queries import clusters_of

from .. import rules
from ..events import CommissionRejected
from ..models import Commission, PlanVersion
from ..plans import current_versions, terms_of
from ..queries.payers import verified_payers
from ..rules import Share, Sharer
from ..states import COMMISSION
from .books import fees_account
from .margins import margins

_VERSIONS = "plan versions"  # of an order that is being placed, by product


def freeze_terms(lines: Sequence[OrderLine]) -> None:
    """Name the plan version in force on new lines, for the statement that writes them.

    Inside the placing transaction, before :func:`quote`. One query per order.
    """
    for order in {line.order_id: line.order for line in lines}.values():
        mine = [line for line in lines if line.order_id == order.pk]
        versions = current_versions(
            shop_id=order.shop_id, product_ids=[line.product_id for line in mine]
        )
        locks.keep(_VERSIONS, order.pk, versions)
        for line in mine:
            version = versions.get(line.product_id)
            line.plan_version_id = version.pk if version else None


def quote(event: OrderPlaced, actor: Actor) -> None:
    """Freeze a commission per payee of shared lines, by the plan versions these were placed with.

    Pooled lines earn their page a margin instead, whoever shared them: see ``margins``.
    Runs inside the placing transaction; takes no locks, posts nothing. A payee who may not earn
    gets a rejected commission with its reason, and commission.rejected is emitted. Repeatable:
    whoever places an order freezes its terms in that very transaction, and only then it is quoted.
    """
    versions: dict[int, PlanVersion] | None = locks.kept(_VERSIONS, event.order_id)
    if versions is None:
        return
    # Rows of this very transaction, as they were written.
    bought: list[OrderLine] = locks.kept("lines just placed", event.checkout_id)
    bought = bought or lines_with_orders(event.checkout_id)
    lines = [line for line in bought if line.order_id == event.order_id]
    order = lines[0].order
    shared = [
        line
        for line in lines
        if line.path and line.product_id in versions and line.supply_amount is None
    ]
    commissions = margins(order, lines)
    if shared:
        second = any(version.levels > 1 for version in versions.values())
        people = _People(order, shared, verify=second)
        commissions += [
            _commission(order, line, versions[line.product_id], share)
            for line in shared
            for share in _shares(line, versions[line.product_id], people)
        ]
    insert(*commissions)
    if not shared and not commissions:
        return
    _open_accounts(order, bought, commissions)
    for commission in commissions:
        if commission.reason:
            _reject(actor, commission)


class _People:
    """Who the sharers, the buyer and the shop's staff are, as persons. At most five queries.

    Who has bought before is looked up only where a second level can depend on it (``verify``).
    """

    def __init__(self, order: Order, lines: Iterable[OrderLine], *, verify: bool) -> None:
        sharers = {int(step["owner"]) for line in lines for step in line.path}
        buyer = _buyer_of(order.checkout)
        staff = {one.account_id for one in staff_of(order.shop_id)} | {order.shop.owner_id}
        self._person = clusters_of(sharers | staff | ({buyer} if buyer else set()))
        self._verified = verified_payers(sharers) if verify else set()
        self.buyer = self._person[buyer] if buyer else None
        self.shop_people = frozenset(self._person[account] for account in staff)

    def sharer(self, step: dict[str, Any]) -> Sharer:
        account = int(step["owner"])
        person = self._person[account]
        return Sharer(account, int(step["link"]), person, account in self._verified)


def _buyer_of(checkout: Checkout) -> int | None:
    """Return the buyer's account: also a guest's, in a browser where they signed in before."""
    if checkout.buyer_id or not checkout.visitor:
        return checkout.buyer_id
    return account_of_browser(checkout.visitor)


def _shares(line: OrderLine, version: PlanVersion, people: _People) -> list[Share]:
    terms = terms_of(version)
    return rules.split_budget(
        rules.budget_of(line.net_amount, terms),
        [people.sharer(step) for step in line.path],
        terms,
        buyer=people.buyer,
        shop_people=people.shop_people,
    )


def _commission(order: Order, line: OrderLine, version: PlanVersion, share: Share) -> Commission:
    terms, base = terms_of(version), line.net_amount
    return Commission(
        order=order,
        line=line,
        payee_id=share.sharer.account_id,
        link_id=share.sharer.link_id,
        plan_version=version,
        level=share.level,
        base_amount=base,
        amount=share.amount,
        currency=line.currency,
        reason=share.reason,
        explanation={
            "path": line.path,
            "rule": {
                "plan_version": str(version.pk),
                "number": version.number,
                "scope": "product" if version.plan.product_id else "shop",
                "hold_days": version.hold_days,
            },
            "arithmetic": rules.arithmetic(base, rules.budget_of(base, terms), terms, share),
            "refunds": [],
        },
        created_at=clock.now(),
    )


def _open_accounts(
    order: Order, bought: Iterable[OrderLine], commissions: Iterable[Commission]
) -> None:
    """Make the accounts that payment will post to, for the whole checkout in one order.

    The direct sharers of its other orders are included, so that two checkouts that name the same
    new earners in opposite orders do not wait for each other.
    """
    direct = {int(line.path[-1]["owner"]) for line in bought if line.path}
    payees = {each.payee_id for each in commissions if not each.reason} | direct
    ledger.accounts(
        wanted=[(kind, payee) for payee in payees for kind in ("earner_held", "earner_payable")],
        currency=order.currency,
    )
    if any(each.fee_amount for each in commissions):
        fees_account(order.currency)


def _reject(actor: Actor, commission: Commission) -> None:
    transition(COMMISSION, commission, "rejected", actor=actor, reason=commission.reason)
    events.emit(
        CommissionRejected(
            commission_id=commission.pk,
            order_id=commission.order_id,
            payee_id=commission.payee_id,
            amount=commission.amount,
            currency=commission.currency,
            reason=commission.reason,
        ),
        actor=actor,
    )
