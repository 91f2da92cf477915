"""Accounts, journals, postings: the only place where money moves.

Sign: a positive amount credits the account (we owe its owner more), a negative one debits it.
So what a gateway holds for us is a negative balance of a ``gateway`` account.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from banyan.kernel.ids import IdField


class Account(models.Model):
    """One account of one owner in one currency.

    ``discipline``: guarded (running balance, never below zero), open (running balance, may be
    negative, never clamped) or hot (no running balance; summed from postings and snapshots).
    ``kind`` is e.g. wallet, escrow, earner_held, earner_payable, shop_payable, gateway, platform.
    """

    id = IdField(primary_key=True)
    kind = models.CharField(max_length=30)
    owner_kind = models.CharField(max_length=20)
    owner_id = models.BigIntegerField(default=0)
    label = models.CharField(max_length=60, blank=True, default="")
    currency = models.CharField(max_length=3)
    discipline = models.CharField(max_length=8)
    balance = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_account"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "owner_kind", "owner_id", "label", "currency"],
                name="ledger_account_once",
            ),
            models.CheckConstraint(
                condition=Q(discipline__in=["guarded", "open", "hot"]),
                name="ledger_account_discipline",
            ),
            models.CheckConstraint(
                condition=~Q(discipline="guarded") | Q(balance__gte=0),
                name="ledger_account_guarded",
            ),
            models.CheckConstraint(
                condition=~Q(discipline="hot") | Q(balance=0), name="ledger_account_hot"
            ),
        ]


class Journal(models.Model):
    """One balanced entry. ``key`` makes posting repeatable: the same key is the same journal."""

    id = IdField(primary_key=True)
    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=40)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    cause_id = models.BigIntegerField(null=True)
    reverses = models.ForeignKey("self", null=True, on_delete=models.PROTECT)
    actor_kind = models.CharField(max_length=20)
    actor_id = models.BigIntegerField(null=True)
    memo = models.CharField(max_length=200, blank=True, default="")
    occurred_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_journal"
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "id"], name="journal_subject"),
            models.Index(fields=["cause_id", "id"], name="journal_cause"),
        ]


class Posting(models.Model):
    """One line of a journal, in minor units; append-only."""

    id = IdField(primary_key=True)
    journal = models.ForeignKey(Journal, on_delete=models.PROTECT)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, db_index=False)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)

    class Meta:
        db_table = "ledger_posting"
        indexes = [models.Index(fields=["account", "id"], name="posting_account")]
        constraints = [models.CheckConstraint(condition=~Q(amount=0), name="posting_not_zero")]


class Snapshot(models.Model):
    """Sum of a hot account's postings up to and including ``up_to`` (a posting id)."""

    id = IdField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    up_to = models.BigIntegerField()
    balance = models.BigIntegerField()
    created_at = models.DateTimeField()
