"""Edges between accounts and keys, the clusters that strong ones make, and circles of trade."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from banyan.kernel.ids import IdField
from banyan.people.models import Account

from .rules import KINDS, STRONG, USUAL
from .states import CIRCLE

HOLDING = ("open", "confirmed")
"""States of a circle in which what is earned in a strong one is held."""


class Edge(models.Model):
    """An account was seen with a key: a proven contact, a device, a means of payment, an address.

    ``digest`` is the key under our own secret, never the key itself: equal keys have equal
    digests, and that is all it says. ``kind`` is of ``rules.KINDS``, ``source`` what saw it,
    ``times`` on how many days. It holds until ``expires_at``, or until a reviewer has cut it, which
    lasts however often it is seen again.
    """

    id = IdField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=9)
    digest = models.CharField(max_length=64)
    source = models.CharField(max_length=16)
    times = models.IntegerField(default=1)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    expires_at = models.DateTimeField()
    cut_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "trust_edge"
        constraints = [
            models.UniqueConstraint(fields=["account", "digest"], name="edge_once"),
            models.CheckConstraint(condition=Q(kind__in=list(KINDS)), name="edge_kind"),
        ]
        indexes = [
            models.Index(fields=["digest"], name="edge_digest"),
            models.Index(fields=["expires_at"], name="edge_expires"),
        ]


class Joined(models.Model):
    """An account that is one person with others: all rows of one ``cluster``.

    The cluster is called by its smallest account. Who has no row is a person alone. Written by
    ``actions`` only, out of the edges: it can be made again at any time.
    """

    id = IdField(primary_key=True)
    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="+")
    cluster = models.BigIntegerField()

    class Meta:
        db_table = "trust_joined"
        indexes = [models.Index(fields=["cluster"], name="joined_cluster")]


class LookBack(models.Model):
    """How far old rows were gone through, from the newest back: those from ``below`` on are done.

    ``name`` is of ``ports.before``, ``rows`` how many it were so far. Rows that came after
    ``begun_at`` are told by events.
    """

    name = models.CharField(max_length=40, primary_key=True)
    below = models.BigIntegerField()
    rows = models.BigIntegerField(default=0)
    begun_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "trust_lookback"


class Circle(models.Model):
    """Persons who earn by each other's purchases, round and round: see ``circles``.

    ``key`` is a digest of who they are, so that each circle has one row. ``evidence`` are all
    commissions that it ever rested on, rows of a higher floor. ``strength`` never falls: what was
    strong once is strong until somebody has looked. The rest is as it was seen last.
    """

    id = IdField(primary_key=True)
    key = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=9, choices=CIRCLE.choices(), default=CIRCLE.initial)
    strength = models.CharField(max_length=6)
    rounds = models.IntegerField()
    inside = models.SmallIntegerField()
    evidence = ArrayField(models.BigIntegerField())
    found_at = models.DateTimeField()
    last_seen = models.DateTimeField()

    class Meta:
        db_table = "trust_circle"
        constraints = [
            models.CheckConstraint(
                condition=Q(strength__in=[STRONG, USUAL]), name="circle_strength"
            ),
            models.CheckConstraint(
                condition=Q(inside__gte=0) & Q(inside__lte=100), name="circle_inside"
            ),
        ]

    @property
    def holds(self) -> bool:
        """Whether what is earned in it is held."""
        return self.strength == STRONG and self.state in HOLDING


class CircleMember(models.Model):
    """A person of a circle, by their smallest account when it was found."""

    id = IdField(primary_key=True)
    circle = models.ForeignKey(
        Circle, on_delete=models.CASCADE, related_name="members", db_index=False
    )
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")

    class Meta:
        db_table = "trust_circlemember"
        constraints = [
            models.UniqueConstraint(fields=["circle", "account"], name="circle_member_once")
        ]
