"""Groups, who belongs to them, and what is offered to them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from banyan.catalog.models import Product, Variant
from banyan.kernel.ids import IdField
from banyan.media.models import Image
from banyan.people.models import Account
from banyan.sharing.models import Link


class Group(models.Model):
    """People around an interest, or an organisation's.

    ``policy``: open, request or invitation. ``visibility``: 0 public; 1 private: only members read
    it, everybody knows of it; 2 secret: nobody else knows of it. ``kind``: interest, or
    organisation, which counts as verified from ``verified_at`` on; whoever has proved an address
    at ``domain`` joins without being asked for. ``members`` and ``owners`` are exact;
    ``most_members`` caps the first. ``holds``: 0 posts appear at once, 1 a member's first waits
    for a moderator, 2 all do. ``listers``: who may offer goods to the group. A member gets at most
    ``offer_cap`` notices of offers in ``offer_days`` days. ``look`` counts changes of ``colour``.
    """

    id = IdField(primary_key=True)
    slug = models.CharField(max_length=60)
    name = models.CharField(max_length=60)
    about = models.CharField(max_length=500, blank=True, default="")
    rules = models.TextField(max_length=3000, blank=True, default="", db_default="")
    topics = ArrayField(models.CharField(max_length=40), default=list, db_default=[])
    cover = models.ForeignKey(Image, null=True, on_delete=models.SET_NULL, related_name="+")
    colour = models.CharField(max_length=7, blank=True, default="", db_default="")
    look = models.IntegerField(default=1, db_default=1)
    kind = models.CharField(max_length=12, default="interest")
    domain = models.CharField(max_length=100, blank=True, default="", db_default="")
    verified_at = models.DateTimeField(null=True)
    policy = models.CharField(max_length=10, default="open")
    visibility = models.SmallIntegerField(default=0)
    holds = models.SmallIntegerField(default=0, db_default=0)
    members = models.IntegerField(default=0)
    owners = models.IntegerField(default=1, db_default=1)
    most_members = models.IntegerField(null=True)
    listers = models.CharField(max_length=10, default="members", db_default="members")
    offer_cap = models.SmallIntegerField(default=2, db_default=2)
    offer_days = models.SmallIntegerField(default=7, db_default=7)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    hidden_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "groups_group"
        constraints = [
            models.UniqueConstraint(Lower("slug"), name="group_slug_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["interest", "organisation"]), name="group_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(policy__in=["open", "request", "invitation"]),
                name="group_policy_known",
            ),
            models.CheckConstraint(condition=Q(members__gte=0), name="group_members_counted"),
            models.CheckConstraint(
                condition=Q(most_members=None) | Q(members__lte=F("most_members")),
                name="group_members_fit",
            ),
            models.CheckConstraint(condition=Q(owners__gte=1), name="group_owned"),
            models.CheckConstraint(
                condition=Q(offer_cap__gte=0, offer_cap__lte=20, offer_days__gte=1),
                name="group_offer_cap",
            ),
            models.CheckConstraint(
                condition=Q(listers__in=["members", "moderators"]), name="group_listers_known"
            ),
        ]


class Invitation(models.Model):
    """A link that lets up to ``most_uses`` people into a group until ``expires_at``.

    ``link`` is the inviter's share link of the group; a secret group has none to show.
    """

    id = IdField(primary_key=True)
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="invitations")
    code = models.CharField(max_length=32, unique=True)
    by = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    link = models.ForeignKey(Link, null=True, on_delete=models.SET_NULL, related_name="+")
    uses = models.IntegerField(default=0)
    most_uses = models.IntegerField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "groups_invitation"
        constraints = [
            models.CheckConstraint(
                condition=Q(uses__gte=0, uses__lte=F("most_uses")), name="invitation_uses_fit"
            )
        ]


class Membership(models.Model):
    """A member of a group. ``state``: 0 asked, 1 member, 2 banned. ``role``: owner, moderator,
    member.

    ``until`` ends a ban. ``wants_offers``: the member has asked for notices of offers; ``told`` of
    them were sent since ``told_since``. ``invitation`` is how they came.
    """

    id = IdField(primary_key=True)
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="memberships")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, default="member")
    state = models.SmallIntegerField(default=1)
    until = models.DateTimeField(null=True)
    invitation = models.ForeignKey(
        Invitation, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    wants_offers = models.BooleanField(default=False, db_default=False)
    told = models.SmallIntegerField(default=0, db_default=0)
    told_since = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "groups_membership"
        constraints = [
            models.UniqueConstraint(fields=["group", "account"], name="membership_once"),
            models.CheckConstraint(
                condition=Q(role__in=["owner", "moderator", "member"]), name="membership_role_known"
            ),
            models.CheckConstraint(
                condition=Q(told__gte=0, told__lte=20), name="membership_told_fits"
            ),
        ]
        indexes = [
            models.Index(
                fields=["group", "id"],
                name="membership_wants",
                condition=Q(state=1, wants_offers=True),
            )
        ]


class Pick(models.Model):
    """A post that moderators show first: featured, or pinned at ``slot`` 1 to 3.

    ``post_id`` is a soft reference to the community.
    """

    id = IdField(primary_key=True)
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="picks", db_index=False)
    post_id = models.BigIntegerField()
    slot = models.SmallIntegerField(null=True)
    by = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "groups_pick"
        constraints = [
            models.UniqueConstraint(fields=["group", "post_id"], name="pick_once"),
            models.UniqueConstraint(
                fields=["group", "slot"], condition=Q(slot__isnull=False), name="pick_slot_once"
            ),
            models.CheckConstraint(
                condition=Q(slot=None) | Q(slot__gte=1, slot__lte=3), name="pick_three_pinned"
            ),
        ]


class Offer(models.Model):
    """Something to buy that a member shows a group. ``link`` is theirs, and gets the credit.

    ``asleep`` members had not asked for notices when it was put up; ``reached`` is the last
    membership that was looked at, ``told_at`` when all were.
    """

    id = IdField(primary_key=True)
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="offers")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="+", db_index=False)
    by = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    link = models.ForeignKey(Link, on_delete=models.PROTECT, related_name="+", db_index=False)
    note = models.CharField(max_length=200, blank=True, default="")
    asleep = models.IntegerField(default=0)
    reached = models.BigIntegerField(default=0)
    told_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "groups_offer"
        constraints = [
            models.UniqueConstraint(
                fields=["group", "product"], condition=Q(ended_at=None), name="offer_to_group_once"
            )
        ]
        indexes = [
            models.Index(fields=["id"], name="offer_untold", condition=Q(told_at=None)),
        ]


class Notice(models.Model):
    """What became of telling one member of an offer. ``outcome``: told, capped, apart (a
    block stands between) or muted.

    ``touch_id`` is the member's visit through it: what they buy then carries it.
    """

    id = IdField(primary_key=True)
    offer = models.ForeignKey(
        Offer, on_delete=models.CASCADE, related_name="notices", db_index=False
    )
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    outcome = models.CharField(max_length=8)
    touch_id = models.BigIntegerField(null=True)
    opened_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "groups_notice"
        constraints = [
            models.UniqueConstraint(fields=["offer", "account"], name="notice_once"),
            models.CheckConstraint(
                condition=Q(outcome__in=["told", "capped", "apart", "muted"]),
                name="notice_outcome_known",
            ),
        ]
