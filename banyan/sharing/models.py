"""Share links, the touches on them, and who a visitor turned out to be.

Links form a tree per root, and can have no cycle.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from banyan.kernel.ids import IdField
from banyan.people.models import Account


class Link(models.Model):
    """``owner`` shares a target; a link made after arriving through another one is its child.

    ``target_kind`` is product, post, shop or campaign; ``target_id`` its id. ``depth`` is 0 for
    a root. A parent is always older than its child, so cycles cannot be. A revoked link opens
    nothing and earns nothing any more; sharing the same again makes a new one. ``place`` tells
    the links of one owner apart that were made for different rooms: a keyed hash, or empty.
    """

    id = IdField(primary_key=True)
    code = models.CharField(max_length=24, unique=True)
    owner = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="links")
    target_kind = models.CharField(max_length=12)
    target_id = models.BigIntegerField()
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    root = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    depth = models.IntegerField(default=0)
    channel = models.CharField(max_length=16, blank=True, default="")
    place = models.CharField(max_length=24, blank=True, default="", db_default="")
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "sharing_link"
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "target_kind", "target_id", "parent", "place"],
                condition=Q(revoked_at=None),
                name="link_once_a_place",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(parent=None, root=None, depth=0)
                | Q(parent__isnull=False, root__isnull=False, depth__gt=0),
                name="link_root_or_child",
            ),
            models.CheckConstraint(
                condition=Q(parent=None) | Q(parent__lt=F("id")), name="link_parent_older"
            ),
        ]
        indexes = [
            models.Index(fields=["target_kind", "target_id"], name="link_target"),
            models.Index(fields=["root", "id"], name="link_root"),
        ]


class Touch(models.Model):
    """Somebody opened a link. Written by COPY from the edge's spool; its id is made by the edge.

    ``visitor`` is empty where consent is needed and absent. ``verdict``: human (the page ran),
    unknown (opened, not yet proven), bot, preview, prefetch, self (the link's own owner).
    ``account_id`` is filled when the visitor is signed in or signs in later.
    """

    id = models.BigIntegerField(primary_key=True)
    link = models.ForeignKey(Link, on_delete=models.PROTECT, related_name="touches", db_index=False)
    visitor = models.CharField(max_length=40, blank=True, default="")
    account_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    channel = models.CharField(max_length=16, blank=True, default="")
    verdict = models.CharField(max_length=10, default="unknown")
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "sharing_touch"
        indexes = [
            models.Index(fields=["link", "id"], name="touch_link"),
            models.Index(fields=["visitor", "-id"], name="touch_visitor"),
            models.Index(
                fields=["account_id", "-id"],
                name="touch_account",
                condition=Q(account_id__isnull=False),
            ),
        ]


class VisitorAccount(models.Model):
    """Whose browser it is: the account that last signed in where ``visitor`` is the cookie."""

    visitor = models.CharField(max_length=40, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()

    class Meta:
        db_table = "sharing_visitoraccount"


class PendingConfirmation(models.Model):
    """A page said that it ran before its touch had left the spool; the loader applies it."""

    touch_id = models.BigIntegerField(primary_key=True)
    visitor = models.CharField(max_length=40, blank=True, default="")
    account_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "sharing_pendingconfirmation"


class SpoolFile(models.Model):
    """How much of an edge spool file is in the database; written in the COPY's transaction."""

    name = models.CharField(max_length=120, primary_key=True)
    offset = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "sharing_spoolfile"


class Exposure(models.Model):
    """A link's card was shown to a visitor on a day: the top of the funnel, people not views."""

    id = IdField(primary_key=True)
    link = models.ForeignKey(Link, on_delete=models.CASCADE, db_index=False)
    visitor = models.CharField(max_length=40)
    day = models.DateField()

    class Meta:
        db_table = "sharing_exposure"
        constraints = [
            models.UniqueConstraint(fields=["link", "visitor", "day"], name="exposure_once")
        ]
