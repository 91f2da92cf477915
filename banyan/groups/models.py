"""Groups and who belongs to them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from banyan.kernel.ids import IdField
from banyan.media.models import Image
from banyan.people.models import Account


class Group(models.Model):
    """People around an interest, or an organisation's.

    ``policy``: open, request or invitation. ``visibility``: 0 public; 1 private: only members read
    it, everybody knows of it; 2 secret: nobody else knows of it.
    """

    id = IdField(primary_key=True)
    slug = models.CharField(max_length=60)
    name = models.CharField(max_length=60)
    about = models.CharField(max_length=500, blank=True, default="")
    cover = models.ForeignKey(Image, null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=12, default="interest")
    policy = models.CharField(max_length=10, default="open")
    visibility = models.SmallIntegerField(default=0)
    members = models.IntegerField(default=0)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

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
        ]


class Membership(models.Model):
    """A member of a group. ``state``: 0 asked, 1 member, 2 banned. ``role``: owner, moderator,
    member.
    """

    id = IdField(primary_key=True)
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="memberships")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, default="member")
    state = models.SmallIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "groups_membership"
        constraints = [
            models.UniqueConstraint(fields=["group", "account"], name="membership_once"),
            models.CheckConstraint(
                condition=Q(role__in=["owner", "moderator", "member"]), name="membership_role_known"
            ),
        ]
