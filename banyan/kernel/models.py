"""Tables of the kernel: outbox, state history, idempotency, counters, tickets, limits, flags."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from .ids import IdField


class StoredEvent(models.Model):
    """The outbox. ``position`` is gap-free and assigned by the relay at publication."""

    id = IdField(primary_key=True)
    name = models.CharField(max_length=80)
    subject_id = models.BigIntegerField()
    payload = models.JSONField()
    cause_id = models.BigIntegerField(null=True)
    actor_kind = models.CharField(max_length=20)
    actor_id = models.BigIntegerField(null=True)
    occurred_at = models.DateTimeField()
    position = models.BigIntegerField(null=True, unique=True)

    class Meta:
        db_table = "kernel_event"
        indexes = [
            models.Index(fields=["id"], name="event_unpublished", condition=Q(position=None)),
            models.Index(fields=["subject_id", "id"], name="event_subject"),
            models.Index(fields=["cause_id", "id"], name="event_cause"),
        ]


class RelayState(models.Model):
    """One row: the last position given out."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    last_position = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="relay_state_single_row")]


class ConsumerCursor(models.Model):
    """How far a named consumer has read."""

    consumer = models.CharField(max_length=80, primary_key=True)
    position = models.BigIntegerField(default=0)
    failures = models.IntegerField(default=0)
    last_error = models.TextField(blank=True, default="")
    updated_at = models.DateTimeField()


class DeadEvent(models.Model):
    """An event that a consumer could not handle after repeated tries; operators can retry it."""

    id = IdField(primary_key=True)
    consumer = models.CharField(max_length=80)
    event = models.ForeignKey(StoredEvent, on_delete=models.PROTECT)
    error = models.TextField()
    created_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["consumer", "event"], name="dead_event_once")
        ]


class StateChange(models.Model):
    """History of every state machine, one row per move."""

    id = IdField(primary_key=True)
    machine = models.CharField(max_length=80)
    subject_id = models.BigIntegerField()
    source = models.CharField(max_length=40)
    target = models.CharField(max_length=40)
    actor_kind = models.CharField(max_length=20)
    actor_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=120, blank=True, default="")
    reason = models.CharField(max_length=500, blank=True, default="")
    cause_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["subject_id", "machine", "id"], name="statechange_subject"),
            models.Index(fields=["cause_id", "id"], name="statechange_cause"),
        ]


class AuditEntry(models.Model):
    """What staff (or a person on their own account) did; the label survives deletion."""

    id = IdField(primary_key=True)
    action = models.CharField(max_length=80)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    subject_label = models.CharField(max_length=200, blank=True, default="")
    actor_kind = models.CharField(max_length=20)
    actor_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=120, blank=True, default="")
    reason = models.CharField(max_length=500, blank=True, default="")
    detail = models.JSONField(default=dict)
    cause_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "id"], name="audit_subject"),
            models.Index(fields=["cause_id", "id"], name="audit_cause"),
        ]


class IdempotencyRecord(models.Model):
    """One key of one client and actor: in flight, or answered with a stored response."""

    id = IdField(primary_key=True)
    client = models.CharField(max_length=80)
    actor = models.CharField(max_length=80)
    key = models.CharField(max_length=120)
    fingerprint = models.CharField(max_length=64)
    state = models.CharField(max_length=10, default="in_flight")
    response = models.JSONField(null=True)
    created_at = models.DateTimeField()
    locked_until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "actor", "key"], name="idempotency_once")
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotency_age")]


class BoundedCounter(models.Model):
    """``used`` of ``cap``: taken by one conditional UPDATE, with the CHECK behind it."""

    id = IdField(primary_key=True)
    kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    used = models.BigIntegerField(default=0)
    cap = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject_id"], name="bounded_counter_once"),
            models.CheckConstraint(
                condition=Q(used__gte=0) & Q(used__lte=models.F("cap")), name="bounded_counter_cap"
            ),
        ]


class CounterDelta(models.Model):
    """An appended change of a soft counter (likes, views), folded every second or two."""

    id = IdField(primary_key=True)
    kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    delta = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["kind", "id"], name="counter_delta_kind")]


class TicketPool(models.Model):
    """The ticket sale of one hot thing: numbers 1..stock come from ``sequence_name``.

    Every number up to ``swept_to`` has a claim or a release. ``watermark`` is where the sequence
    stood at ``watermark_at``: what is missing below it some time later was lost on the way.
    """

    id = IdField(primary_key=True)
    kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    sequence_name = models.CharField(max_length=63)
    stock = models.BigIntegerField()
    swept_to = models.BigIntegerField(default=0)
    watermark = models.BigIntegerField(default=0)
    watermark_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_id"], name="ticket_pool_once", condition=Q(closed_at=None)
            ),
            models.UniqueConstraint(
                fields=["sequence_name"], name="ticket_pool_sequence", condition=Q(closed_at=None)
            ),
            models.CheckConstraint(condition=Q(stock__gte=0), name="ticket_pool_stock"),
        ]


class TicketClaim(models.Model):
    """One number taken; it lapses at ``expires_at`` unless it was used."""

    id = IdField(primary_key=True)
    # No constraint: its key-share locks on the one pool row are what tickets exist to avoid.
    pool = models.ForeignKey(TicketPool, on_delete=models.PROTECT, db_constraint=False)
    number = models.BigIntegerField()
    holder = models.CharField(max_length=80)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pool", "number"], name="ticket_claim_once")]
        indexes = [
            models.Index(fields=["expires_at"], name="ticket_claim_open", condition=Q(used_at=None))
        ]


class TicketRelease(models.Model):
    """A number that is free again; taken by SKIP LOCKED once the sequence is exhausted."""

    id = IdField(primary_key=True)
    pool = models.ForeignKey(TicketPool, on_delete=models.PROTECT, db_constraint=False)
    number = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pool", "number"], name="ticket_release_once")
        ]


class RateBucket(models.Model):
    """A fixed window of a rate limit."""

    key = models.CharField(max_length=160, primary_key=True)
    window_start = models.DateTimeField()
    hits = models.IntegerField(default=0)


class Flag(models.Model):
    """A switch that operators can turn without a release."""

    name = models.CharField(max_length=80, primary_key=True)
    enabled = models.BooleanField(default=False)
    note = models.CharField(max_length=200, blank=True, default="")


class Seed(models.Model):
    """A committed secret of a draw: the hash is public at once, the seed when revealed."""

    id = IdField(primary_key=True)
    purpose = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    commitment = models.CharField(max_length=64)
    sealed = models.BinaryField()
    created_at = models.DateTimeField()
    revealed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["purpose", "subject_id"], name="seed_once")]


class Node(models.Model):
    """A leased node number (1..1023) for ids that are made outside the database."""

    number = models.SmallIntegerField(primary_key=True)
    holder = models.CharField(max_length=120)
    leased_until = models.DateTimeField()


class SweepPlace(models.Model):
    """How far the last run of a sweep came that had to stop before the end; see ``sweeps``."""

    name = models.CharField(max_length=60, primary_key=True)
    at = models.DateTimeField(null=True)
    row_id = models.BigIntegerField()


class SearchCorpus(models.Model):
    """A table of search words (its name): how many documents it has, and how they stand.

    ``marks`` are the standings of the 500th, 750th, 1,125th ... of the highest.
    """

    name = models.CharField(max_length=60, primary_key=True)
    documents = models.BigIntegerField(default=0)
    marks = ArrayField(models.BigIntegerField(), default=list)


class SearchWord(models.Model):
    """A word that everybody can find, and in about how many documents of a corpus it is.

    ``near`` are its forms with letters struck out (``search.spelling``), as checksums; empty for
    words that are not typed letter by letter.
    """

    id = IdField(primary_key=True)
    corpus = models.CharField(max_length=60)
    word = models.TextField(db_collation="C")
    documents = models.BigIntegerField()
    near = ArrayField(models.IntegerField(), null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["corpus", "word"], name="search_word_once")]
        indexes = [
            models.Index(fields=["word"], name="search_word"),
            GinIndex(fields=["near"], name="search_near"),
        ]
