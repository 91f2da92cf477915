"""Payment intents for any subject, their attempts, provider messages, refunds, payouts."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from banyan.kernel.ids import IdField

from .rules import NEEDS_A_PERSON
from .states import CHARGEBACK, INTENT, PAYMENT_REQUEST, PAYOUT, REFUND, RETURN


class Intent(models.Model):
    """One amount to be paid once, for ``subject_kind`` + ``subject_id`` of a higher floor.

    ``provider_ref`` is what the provider calls the attempt that counts (the latest, then the one
    that was paid); ``token`` the unguessable part of our return address. The intent expires at
    ``expires_at``: money that comes later is sent back. ``next_check_at`` is when the provider is
    asked next, ``checks`` how often it was; ``cause_id`` carries the story on. ``link_code`` opens
    the page on which anybody may pay it: it shows nothing of the payer's own pages.
    ``refunded_amount`` is promised back, ``charged_back_amount`` out by the payer's bank: together
    never more than was paid.
    """

    id = IdField(primary_key=True)
    subject_kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    provider = models.CharField(max_length=20)
    payer_id = models.BigIntegerField(null=True)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=18, choices=INTENT.choices(), default=INTENT.initial)
    provider_ref = models.CharField(max_length=80, blank=True, default="")
    pay_url = models.TextField(blank=True, default="")
    token = models.CharField(max_length=40, unique=True)
    description = models.CharField(max_length=200, blank=True, default="")
    failure = models.CharField(max_length=200, blank=True, default="")
    captured_amount = models.BigIntegerField(default=0)
    refunded_amount = models.BigIntegerField(default=0)
    charged_back_amount = models.BigIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    captured_at = models.DateTimeField(null=True)
    next_check_at = models.DateTimeField(null=True)
    checks = models.IntegerField(default=0)
    cause_id = models.BigIntegerField(null=True)
    link_code = models.CharField(max_length=40, blank=True, default="", db_default="")

    class Meta:
        db_table = "payments_intent"
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="intent_amount"),
            models.CheckConstraint(
                condition=Q(refunded_amount__gte=0)
                & Q(refunded_amount__lte=models.F("captured_amount")),
                name="intent_refund_within_capture",
            ),
            models.CheckConstraint(
                condition=Q(charged_back_amount__gte=0)
                & Q(
                    charged_back_amount__lte=models.F("captured_amount")
                    - models.F("refunded_amount")
                ),
                name="intent_chargeback_within_capture",
            ),
            models.UniqueConstraint(
                fields=["provider", "provider_ref"],
                condition=~Q(provider_ref=""),
                name="intent_provider_ref_once",
            ),
            models.UniqueConstraint(
                fields=["link_code"], condition=~Q(link_code=""), name="intent_link_once"
            ),
        ]
        indexes = [
            models.Index(fields=["subject_kind", "subject_id"], name="intent_subject"),
            models.Index(
                fields=["next_check_at"],
                name="intent_due_check",
                condition=Q(next_check_at__isnull=False),
            ),
        ]


class Attempt(models.Model):
    """One payment opened at the provider for an intent; open while ``outcome`` is empty.

    ``request`` holds what the provider was asked, so that asking again asks the same; ``action``
    what the payer was to do. ``lane`` tells apart who may pay at the same time: each lane has one
    open attempt (``rules.lane_of``). Outcomes: captured, cancelled, failed, declined, refused,
    abandoned, mismatch (an unexpected amount: a person has to look).
    """

    id = IdField(primary_key=True)
    intent = models.ForeignKey(
        Intent, on_delete=models.PROTECT, related_name="attempts", db_index=False
    )
    number = models.SmallIntegerField()
    lane = models.CharField(max_length=40, blank=True, default="", db_default="")
    provider_ref = models.CharField(max_length=80, blank=True, default="")
    request = models.JSONField(default=dict)
    action = models.JSONField(default=dict)
    outcome = models.CharField(max_length=12, blank=True, default="")
    failure = models.CharField(max_length=200, blank=True, default="")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "payments_attempt"
        constraints = [
            models.UniqueConstraint(fields=["intent", "number"], name="attempt_number_once"),
            models.UniqueConstraint(
                fields=["intent", "lane"], name="attempt_one_open_lane", condition=Q(outcome="")
            ),
        ]
        indexes = [
            models.Index(
                fields=["provider_ref"], name="attempt_provider_ref", condition=~Q(provider_ref="")
            )
        ]


class ProviderMessage(models.Model):
    """A verified message of a provider (webhook or queried state), once per provider's own id.

    ``reference`` is our name of what it is about, ``outcome`` what became of it
    (``rules.Outcome``); ``handled_at`` is empty while that is not decided. ``repeats`` counts how
    often the provider sent the very same message again. ``looked_at`` is when somebody had looked
    into one that needs a person.
    """

    id = IdField(primary_key=True)
    provider = models.CharField(max_length=20)
    message_id = models.CharField(max_length=160)
    kind = models.CharField(max_length=40)
    reference = models.CharField(max_length=200, blank=True, default="")
    provider_ref = models.CharField(max_length=80, blank=True, default="")
    payload = models.JSONField()
    intent = models.ForeignKey(Intent, null=True, on_delete=models.PROTECT, db_index=False)
    outcome = models.CharField(max_length=40, blank=True, default="")
    repeats = models.IntegerField(default=0, db_default=0)
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "payments_providermessage"
        constraints = [
            models.UniqueConstraint(fields=["provider", "message_id"], name="provider_message_once")
        ]
        indexes = [
            models.Index(fields=["intent", "id"], name="provider_message_intent"),
            models.Index(fields=["provider_ref"], name="provider_message_ref"),
            models.Index(
                fields=["received_at"],
                name="provider_message_unhandled",
                condition=Q(handled_at=None),
            ),
            models.Index(
                fields=["outcome"],
                name="provider_message_person",
                condition=Q(outcome__in=[str(one) for one in NEEDS_A_PERSON], looked_at=None),
            ),
        ]


class Refund(models.Model):
    """Money going back for one intent. ``due_by`` is the latest date the payer is promised.

    ``sequence`` counts destinations: a failed refund that is asked for again is a new request to
    the provider. ``attempts`` counts tries to reach the provider with it; ``next_attempt_at`` is
    when it is submitted, or asked about, next.
    """

    id = IdField(primary_key=True)
    intent = models.ForeignKey(Intent, on_delete=models.PROTECT, related_name="refunds")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=12, choices=REFUND.choices(), default=REFUND.initial)
    reason = models.CharField(max_length=200)
    subject_kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    destination = models.CharField(max_length=120, blank=True, default="")
    provider_ref = models.CharField(max_length=80, blank=True, default="")
    failure = models.CharField(max_length=200, blank=True, default="")
    attempts = models.IntegerField(default=0)
    sequence = models.SmallIntegerField(default=1)
    key = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField()
    due_by = models.DateTimeField()
    next_attempt_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    cause_id = models.BigIntegerField(null=True)

    class Meta:
        db_table = "payments_refund"
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount")]
        indexes = [
            models.Index(fields=["subject_kind", "subject_id"], name="refund_subject"),
            models.Index(
                fields=["next_attempt_at"],
                name="refund_due",
                condition=Q(next_attempt_at__isnull=False),
            ),
            models.Index(
                fields=["provider_ref"], name="refund_provider_ref", condition=~Q(provider_ref="")
            ),
        ]


class Chargeback(models.Model):
    """What a payer's bank takes back of a payment, once per provider's number of it.

    ``amount`` is what the bank asks, ``taken_amount`` what of it is out now, ``covered_amount``
    what of that we had promised back and not sent: nobody bears it a second time. ``fee_amount``
    (in ``fee_currency``) is what the provider keeps for it. ``due_by`` is the last day to answer
    at the provider; ``told_at`` when the provider was asked last.
    """

    id = IdField(primary_key=True)
    provider = models.CharField(max_length=20)
    provider_ref = models.CharField(max_length=80)
    intent = models.ForeignKey(Intent, on_delete=models.PROTECT, related_name="chargebacks")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=60, blank=True, default="")
    state = models.CharField(
        max_length=14, choices=CHARGEBACK.choices(), default=CHARGEBACK.initial
    )
    taken_amount = models.BigIntegerField(default=0)
    covered_amount = models.BigIntegerField(default=0)
    fee_amount = models.BigIntegerField(default=0)
    fee_currency = models.CharField(max_length=3, blank=True, default="")
    opened_at = models.DateTimeField()
    due_by = models.DateTimeField(null=True)
    told_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    next_check_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "payments_chargeback"
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "provider_ref"], name="chargeback_provider_ref_once"
            ),
            models.CheckConstraint(
                condition=Q(covered_amount__gte=0)
                & Q(covered_amount__lte=models.F("taken_amount")),
                name="chargeback_covered_within",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_check_at"],
                name="chargeback_due",
                condition=Q(next_check_at__isnull=False),
            ),
        ]

    @property
    def borne_amount(self) -> int:
        """What of it whoever was paid bears; minor units."""
        return self.taken_amount - self.covered_amount


class ChargebackMove(models.Model):
    """Money that moved for a chargeback, once per provider's number of the movement.

    ``amount`` is what was taken, negative where it was given back; ``fee_amount`` likewise.
    """

    id = IdField(primary_key=True)
    chargeback = models.ForeignKey(Chargeback, on_delete=models.PROTECT, related_name="moves")
    provider_ref = models.CharField(max_length=80)
    amount = models.BigIntegerField()
    fee_amount = models.BigIntegerField(default=0)
    fee_currency = models.CharField(max_length=3, blank=True, default="")
    at = models.DateTimeField()

    class Meta:
        db_table = "payments_chargebackmove"
        constraints = [
            models.UniqueConstraint(
                fields=["chargeback", "provider_ref"], name="chargeback_move_once"
            )
        ]
        indexes = [models.Index(fields=["at"], name="chargeback_move_at")]


class Payout(models.Model):
    """Money going out to somebody we owe, through a provider; once per ``key``.

    ``destination`` is in the provider's own terms; by hand it is sealed, and empty once it has
    ended. ``attempts`` and ``next_attempt_at`` as for a
    refund. Where ``payment_ref`` is set it is a split: a part of that payment (the provider's name
    of it) goes to a merchant's own account, and ``returned_amount`` of it was taken back, or is
    being.
    """

    id = IdField(primary_key=True)
    provider = models.CharField(max_length=20)
    subject_kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    destination = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=PAYOUT.choices(), default=PAYOUT.initial)
    provider_ref = models.CharField(max_length=80, blank=True, default="")
    failure = models.CharField(max_length=200, blank=True, default="")
    attempts = models.IntegerField(default=0)
    key = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    cause_id = models.BigIntegerField(null=True)
    payment_ref = models.CharField(max_length=80, blank=True, default="", db_default="")
    returned_amount = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        db_table = "payments_payout"
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payout_amount"),
            models.CheckConstraint(
                condition=Q(returned_amount__gte=0) & Q(returned_amount__lte=models.F("amount")),
                name="payout_return_within",
            ),
        ]
        indexes = [
            models.Index(fields=["subject_kind", "subject_id"], name="payout_subject"),
            models.Index(
                fields=["next_attempt_at"],
                name="payout_due",
                condition=Q(next_attempt_at__isnull=False),
            ),
            models.Index(
                fields=["provider_ref"], name="payout_provider_ref", condition=~Q(provider_ref="")
            ),
            models.Index(
                fields=["payment_ref"], name="payout_payment_ref", condition=~Q(payment_ref="")
            ),
        ]


class PayoutReturn(models.Model):
    """Money of a split that is taken back from a merchant's account; once per ``key``.

    ``credit_account_id`` is the ledger account that gets it: of whoever had been paid. States and
    tries as for a payout.
    """

    id = IdField(primary_key=True)
    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="returns")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    credit_account_id = models.BigIntegerField()
    state = models.CharField(max_length=12, choices=RETURN.choices(), default=RETURN.initial)
    provider_ref = models.CharField(max_length=80, blank=True, default="")
    failure = models.CharField(max_length=200, blank=True, default="")
    attempts = models.IntegerField(default=0)
    key = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    cause_id = models.BigIntegerField(null=True)

    class Meta:
        db_table = "payments_payoutreturn"
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="return_amount")]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="return_due",
                condition=Q(next_attempt_at__isnull=False),
            ),
        ]


class ConnectedAccount(models.Model):
    """Whose account at a provider money may be passed on to: one per owner and provider.

    ``owner_kind`` and ``owner_id`` are of a higher floor, such as a shop.
    """

    id = IdField(primary_key=True)
    owner_kind = models.CharField(max_length=20)
    owner_id = models.BigIntegerField()
    provider = models.CharField(max_length=20)
    account = models.CharField(max_length=80)
    connected_at = models.DateTimeField()

    class Meta:
        db_table = "payments_connectedaccount"
        constraints = [
            models.UniqueConstraint(
                fields=["owner_kind", "owner_id", "provider"], name="connected_account_once"
            )
        ]


class PaymentRequest(models.Model):
    """An amount that somebody asks for by a link or its code, to be paid once.

    ``payee_kind`` and ``payee_id`` are of a higher floor, such as a shop; ``asked_by`` is the
    account that asked. ``code`` opens the page to pay on, ``intent_id`` is the payment that paid
    it, of several that may have been tried.
    """

    id = IdField(primary_key=True)
    code = models.CharField(max_length=40, unique=True)
    payee_kind = models.CharField(max_length=20)
    payee_id = models.BigIntegerField()
    asked_by = models.BigIntegerField()
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    note = models.CharField(max_length=120)
    state = models.CharField(
        max_length=10, choices=PAYMENT_REQUEST.choices(), default=PAYMENT_REQUEST.initial
    )
    intent_id = models.BigIntegerField(null=True)
    refunded_amount = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "payments_paymentrequest"
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="request_amount"),
            models.CheckConstraint(
                condition=Q(refunded_amount__gte=0) & Q(refunded_amount__lte=models.F("amount")),
                name="request_refund_within",
            ),
            models.CheckConstraint(
                condition=Q(state="paid", intent_id__isnull=False)
                | (~Q(state="paid") & Q(intent_id__isnull=True)),
                name="request_paid_once",
            ),
        ]
        indexes = [
            models.Index(fields=["payee_kind", "payee_id", "id"], name="request_payee"),
            models.Index(fields=["expires_at"], name="request_open", condition=Q(state="open")),
        ]
