"""Effects that move money: credit in packets, what somebody is owed, and what a shop bears."""

from __future__ import annotations

from banyan.kernel import clock, locks
from banyan.kernel.actors import caused_by
from banyan.kernel.remembered import insert
from banyan.ledger import actions as ledger
from banyan.ledger.models import Account, Journal
from banyan.ledger.rules import Entry
from banyan.orders.models import Order

from .. import effects as say
from ..models import Grant, Participation
from .applying import Stage, applies, by_the_drive

PERK = "perk"


@applies
def _fund(effect: say.Fund, stage: Stage) -> None:
    instance = stage.instance
    _book(stage, "funded", instance.owner_id or 0, -effect.amount)


@applies
def _pay_out(effect: say.PayOut, stage: Stage) -> None:
    instance = stage.instance
    _book(stage, effect.rule, effect.who, effect.amount)
    insert(
        Grant(
            campaign_id=instance.campaign_id,
            instance=instance,
            account_id=effect.who,
            rule=effect.rule,
            cause=f"play:{instance.pk}",
            kind="credit",
            amount=effect.amount,
            created_at=clock.now(),
        )
    )


def _book(stage: Stage, rule: str, who: int, amount: int) -> None:
    """Post ``amount`` from the instance's account into somebody's wallet; below zero, out of it.

    Posts ``play:{id}:{rule}:{who}``: packet -X, wallet +X. Raises InsufficientBalance.
    """
    instance = stage.instance
    currency = instance.campaign.currency
    wallet = ledger.account(kind="wallet", owner_kind="account", owner_id=who, currency=currency)
    packet = ledger.account(
        kind="packet", owner_kind="play", owner_id=instance.pk, currency=currency
    )
    locks.take(ledger.lock_keys([wallet, packet]))
    ledger.post(
        key=f"play:{instance.pk}:{rule}:{who}",
        kind=f"packet.{rule}",
        subject_kind="play",
        subject_id=instance.pk,
        entries=[Entry(packet.pk, -amount), Entry(wallet.pk, amount)],
        currency=currency,
        actor=stage.actor,
    )


@applies
def _owe(effect: say.Owe, stage: Stage) -> None:
    """Take it out of the promise now: the instance may end long before it is paid."""
    instance, now = stage.instance, clock.now()
    if not effect.places or not effect.amount:
        return
    insert(
        *(
            Grant(
                campaign_id=instance.campaign_id,
                instance=instance,
                account_id=effect.who,
                rule=PERK,
                cause=f"place:{place}",
                kind=PERK,
                cost=effect.amount,
                reference=place,
                created_at=now,
            )
            for place in effect.places
        )
    )
    stage.spent += effect.amount * len(effect.places)


def _owed(one: Participation) -> Grant | None:
    """Return what is owed or paid for a place, unless it was given back to the budget."""
    owed = Grant.objects.filter(instance_id=one.instance_id, cause=f"place:{one.pk}", rule=PERK)
    return owed.filter(cost__gt=0).first()


@applies
def _pay_owed(effect: say.PayOwed, stage: Stage) -> None:
    """Post ``grant:{id}``: shop_payable -X, earner_payable +X, about the order it is earned by."""
    one, currency = effect.one, stage.instance.campaign.currency
    grant = _owed(one)
    if grant is None or grant.amount:
        return
    assert one.order_id is not None
    order = Order.objects.get(pk=one.order_id)
    shop = ledger.account(
        kind="shop_payable", owner_kind="shop", owner_id=order.shop_id, currency=currency
    )
    earner = ledger.account(
        kind="earner_payable", owner_kind="account", owner_id=grant.account_id, currency=currency
    )
    locks.take(ledger.lock_keys([shop, earner]))
    with caused_by(order.checkout_id):
        ledger.post(
            key=_journal_key(grant),
            kind="campaign.perk",
            subject_kind="order",
            subject_id=order.pk,
            entries=[Entry(shop.pk, -grant.cost), Entry(earner.pk, grant.cost)],
            currency=currency,
            actor=stage.actor,
            memo=order.number,
        )
    Grant.objects.filter(pk=grant.pk).update(amount=grant.cost)


def _journal_key(grant: Grant) -> str:
    return f"grant:{grant.pk}"


@applies
def _forgo(effect: say.Forgo, stage: Stage) -> None:
    """Give it back to the budget; the grant stays, and costs nothing.

    Post ``grant:{id}:back``: the stored postings of what was paid, negated.
    """
    grant = _owed(effect.one)
    if grant is None:
        return
    if grant.amount:
        _take_back(grant, stage)
    Grant.objects.filter(pk=grant.pk).update(cost=0, amount=0)
    stage.spent -= grant.cost


def _take_back(grant: Grant, stage: Stage) -> None:
    paid = Journal.objects.get(key=_journal_key(grant))
    accounts = Account.objects.filter(posting__journal=paid)
    locks.take(ledger.lock_keys(accounts))
    with caused_by(paid.cause_id):
        ledger.reverse_share(
            key=f"{paid.key}:back",
            journal=paid,
            part=1,
            whole=1,
            kind="campaign.perk_back",
            subject_kind=paid.subject_kind,
            subject_id=paid.subject_id,
            actor=stage.actor,
            memo=paid.memo,
        )
    data = {"amount": grant.amount, "currency": stage.instance.campaign.currency}
    by_the_drive(say.Tell(grant.account_id, "campaign.perk_back", data), stage)


@applies
def _bear(effect: say.Bear, stage: Stage) -> None:
    """Post ``play:{id}:{rule}``: shop_costs -X, shop_spared +X. What is owed does not move."""
    campaign = stage.instance.campaign
    if not effect.amount or campaign.shop_id is None:
        return
    costs, spared = (
        ledger.account(
            kind=kind, owner_kind="shop", owner_id=campaign.shop_id, currency=campaign.currency
        )
        for kind in ("shop_costs", "shop_spared")
    )
    locks.take(ledger.lock_keys([costs, spared]))
    ledger.post(
        key=f"play:{stage.instance.pk}:{effect.rule}",
        kind=f"campaign.{effect.rule}",
        subject_kind="play",
        subject_id=stage.instance.pk,
        entries=[Entry(costs.pk, -effect.amount), Entry(spared.pk, effect.amount)],
        currency=campaign.currency,
        actor=stage.actor,
        memo=campaign.title[:80],
    )
