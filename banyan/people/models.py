"""Accounts, profiles, addresses, consent; follows, mutes, blocks, lists; guests' merges."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Right

from banyan.kernel import remembered
from banyan.kernel.ids import IdField
from banyan.media.models import Image

from .rules.relations import ALL, ASKS, EVERY_POST, FOLLOWS, HIDE, LESS, NO_REPOSTS
from .states import GUEST_MERGE


class AccountManager(BaseUserManager["Account"]):
    """Manager that Django's auth asks for; accounts are made by ``people.actions``."""

    def get_by_natural_key(self, username: str | None) -> Account:
        """Find by handle, without regard to case."""
        return self.get(handle__iexact=username)

    def get(self, *args: Any, **kwargs: Any) -> Account:
        """Return one row; by its id alone, as sign-in asks on every page, for less."""
        if args or kwargs.keys() != {"pk"}:
            return super().get(*args, **kwargs)
        return remembered.get(self.model, int(kwargs["pk"]))


class Account(AbstractBaseUser, PermissionsMixin):
    """A login identity with its public handle.

    ``email`` and ``phone`` (E.164) are verified contacts or None; unverified ones live with
    the sign-in library. ``is_staff`` opens the desk; what staff may do is in StaffRole.
    ``approves_followers``: a follow waits until its owner says yes. ``is_suggested``: friends of
    friends may be told of the account.
    """

    id = IdField(primary_key=True)
    handle = models.CharField(max_length=30)
    display_name = models.CharField(max_length=60)
    email = models.EmailField(null=True, blank=True)  # noqa: DJ001 (unique when set)
    phone = models.CharField(max_length=20, null=True, blank=True)  # noqa: DJ001 (unique when set)
    avatar = models.ForeignKey(Image, null=True, on_delete=models.SET_NULL, related_name="+")
    language = models.CharField(max_length=8, default="en")
    theme = models.CharField(max_length=5, blank=True, default="")
    approves_followers = models.BooleanField(default=False, db_default=False)
    is_suggested = models.BooleanField(default=True, db_default=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "handle"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []
    objects = AccountManager()

    class Meta:
        db_table = "people_account"
        constraints = [
            models.UniqueConstraint(Lower("handle"), name="account_handle_once"),
            models.UniqueConstraint(Lower("email"), name="account_email_once"),
            models.UniqueConstraint(fields=["phone"], name="account_phone_once"),
        ]
        # Support asks for the last digits: see ``queries.phone_ends_with``.
        indexes = [models.Index(Right("phone", 4), name="account_phone_tail")]

    def __str__(self) -> str:
        return f"@{self.handle}"


class FormerHandle(models.Model):
    """A handle, in small letters, that an account gave up at ``left_at``.

    It leads to the account, and nobody else takes it, for 90 days (``actions.handles``).
    """

    id = IdField(primary_key=True)
    handle = models.CharField(max_length=30, unique=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="former_handles")
    left_at = models.DateTimeField()

    class Meta:
        db_table = "people_formerhandle"
        constraints = [
            models.CheckConstraint(condition=Q(handle=Lower("handle")), name="former_handle_low")
        ]


class AccountWords(models.Model):
    """The search words of a member (``kernel.search``): handle and name, nothing else."""

    account = models.OneToOneField(
        Account, primary_key=True, on_delete=models.CASCADE, related_name="words"
    )
    words = SearchVectorField()
    boost = models.SmallIntegerField(default=0, db_default=0)

    class Meta:
        db_table = "people_accountwords"
        indexes = [GinIndex(fields=["words"], name="account_words")]


class Profile(models.Model):
    """What a member says of themselves. The birthday is private unless its owner shares it.

    ``hometown``, ``dialect`` and ``school`` are what they stand for where something is for people
    of one; nobody else reads them.
    """

    account = models.OneToOneField(Account, primary_key=True, on_delete=models.CASCADE)
    bio = models.CharField(max_length=300, blank=True, default="")
    region = models.CharField(max_length=12, blank=True, default="")
    birthday = models.DateField(null=True)
    birthday_audience = models.CharField(max_length=10, default="private")
    hometown = models.CharField(max_length=40, blank=True, default="", db_default="")
    dialect = models.CharField(max_length=40, blank=True, default="", db_default="")
    school = models.CharField(max_length=40, blank=True, default="", db_default="")

    class Meta:
        db_table = "people_profile"


class StaffRole(models.Model):
    """A staff role of an account: support, finance, moderation or owner."""

    id = IdField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="staff_roles")
    role = models.CharField(max_length=12)

    class Meta:
        db_table = "people_staffrole"
        constraints = [
            models.UniqueConstraint(fields=["account", "role"], name="staff_role_once"),
            models.CheckConstraint(
                condition=Q(role__in=["support", "finance", "moderation", "owner"]),
                name="staff_role_known",
            ),
        ]


class Consent(models.Model):
    """A recorded yes or no for one purpose; the newest row of a purpose counts."""

    id = IdField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    purpose = models.CharField(max_length=30)
    granted = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        db_table = "people_consent"
        indexes = [models.Index(fields=["account", "purpose", "-id"], name="consent_latest")]


class Address(models.Model):
    """An address book entry; the country decides its fields (``rules.ADDRESS_FORMS``)."""

    id = IdField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="addresses")
    recipient = models.CharField(max_length=80)
    phone = models.CharField(max_length=20, blank=True, default="")
    country = models.CharField(max_length=2)
    level1 = models.CharField(max_length=60, blank=True, default="")
    level2 = models.CharField(max_length=60, blank=True, default="")
    level3 = models.CharField(max_length=60, blank=True, default="")
    street = models.CharField(max_length=200)
    postcode = models.CharField(max_length=12, blank=True, default="")
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "people_address"
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(is_default=True), name="address_one_default"
            )
        ]


class Follow(models.Model):
    """A follow; two that meet are a friendship (``is_mutual`` is kept on both rows).

    ``state`` 0 asks and opens nothing, 1 follows. ``level``: 0 all, 1 without reposts, 2 be told
    of every post.
    """

    id = IdField(primary_key=True)
    follower = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="following")
    followee = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="followers")
    state = models.SmallIntegerField(default=FOLLOWS)
    level = models.SmallIntegerField(default=ALL)
    is_mutual = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "people_follow"
        constraints = [
            models.UniqueConstraint(fields=["follower", "followee"], name="follow_once"),
            models.CheckConstraint(condition=~Q(follower=F("followee")), name="follow_not_self"),
            models.CheckConstraint(
                condition=Q(state__in=[ASKS, FOLLOWS], level__in=[ALL, NO_REPOSTS, EVERY_POST]),
                name="follow_known",
            ),
            models.CheckConstraint(
                condition=Q(is_mutual=False) | Q(state=FOLLOWS), name="follow_no_friend_asks"
            ),
        ]
        indexes = [
            models.Index(
                fields=["followee", "follower"], name="follow_reverse", condition=Q(state=1)
            ),
            models.Index(fields=["followee", "-id"], name="follow_asked", condition=Q(state=0)),
            models.Index(
                fields=["follower", "followee"], name="follow_friends", condition=Q(is_mutual=True)
            ),
        ]


class Block(models.Model):
    """``actor`` wants to see and be seen nothing of ``target``; it works both ways."""

    id = IdField(primary_key=True)
    actor = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="blocks")
    target = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="blocked_by")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "people_block"
        constraints = [
            models.UniqueConstraint(fields=["actor", "target"], name="block_once"),
            models.CheckConstraint(condition=~Q(actor=F("target")), name="block_not_self"),
        ]


class Mute(models.Model):
    """What ``actor`` does not want to be shown: a person, a word or a topic.

    ``degree`` 0 shows nothing of it, 1 shows less. ``words`` is the folded word or the topic's
    slug. It ends by the clock at ``expires_at``; None is for ever. Nobody is told, and who is
    muted stays to be seen where one goes to look.
    """

    id = IdField(primary_key=True)
    actor = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="mutes")
    kind = models.CharField(max_length=6)
    target = models.ForeignKey(Account, null=True, on_delete=models.CASCADE, related_name="+")
    words = models.CharField(max_length=60, blank=True, default="")
    degree = models.SmallIntegerField(default=HIDE)
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "people_mute"
        constraints = [
            models.UniqueConstraint(
                fields=["actor", "kind", "target", "words"],
                name="mute_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(kind="person", target__isnull=False, words="")
                | (Q(kind__in=["word", "topic"], target=None) & ~Q(words="")),
                name="mute_of_one_thing",
            ),
            models.CheckConstraint(condition=Q(degree__in=[HIDE, LESS]), name="mute_degree_known"),
            models.CheckConstraint(condition=~Q(actor=F("target")), name="mute_not_self"),
        ]


class AccountList(models.Model):
    """A private list of people; only its owner knows of it."""

    id = IdField(primary_key=True)
    owner = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="lists")
    name = models.CharField(max_length=40)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "people_accountlist"
        constraints = [models.UniqueConstraint("owner", Lower("name"), name="list_name_once")]


class ListEntry(models.Model):
    """Somebody on a list."""

    id = IdField(primary_key=True)
    on = models.ForeignKey(AccountList, on_delete=models.CASCADE, related_name="entries")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        db_table = "people_listentry"
        constraints = [models.UniqueConstraint(fields=["on", "account"], name="list_entry_once")]


class BookDigest(models.Model):
    """A contact in somebody's address book, as a keyed digest and nothing else.

    It is there while the owner agrees to ``contacts``. See ``rules.digests``.
    """

    id = IdField(primary_key=True)
    owner = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    digest = models.BinaryField(max_length=16)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "people_bookdigest"
        constraints = [models.UniqueConstraint(fields=["owner", "digest"], name="book_digest_once")]
        indexes = [models.Index(fields=["created_at"], name="book_digest_age")]


class FoundByDigest(models.Model):
    """The digest by which a member is found; there while they agree to ``findable_by_contact``.

    One for each contact and each key of the ring; ``key_tag`` names the key.
    """

    id = IdField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    digest = models.BinaryField(max_length=16)
    key_tag = models.CharField(max_length=8)

    class Meta:
        db_table = "people_foundbydigest"
        constraints = [
            models.UniqueConstraint(fields=["digest", "account"], name="found_by_digest_once")
        ]


class VisitorLink(models.Model):
    """A first-party visitor id that turned out to be an account (after sign-in on that device)."""

    id = IdField(primary_key=True)
    visitor = models.CharField(max_length=40)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    first_seen = models.DateTimeField()

    class Meta:
        db_table = "people_visitorlink"
        constraints = [
            models.UniqueConstraint(fields=["visitor", "account"], name="visitor_link_once")
        ]
        indexes = [models.Index(fields=["account"], name="visitor_link_account")]


class SignInCode(models.Model):
    """A typed code on its way: asked for in one browser, used in whichever one finishes.

    ``token`` names the attempt in forms and in the short address; the code itself is not stored
    but derived from the token, ``salt`` and our key. ``purpose`` is sign_in, or add_contact for
    ``account``. Visitor and cart of the browser that began are kept, so that they are joined to
    the account even when another browser finishes; so are the intended action and the way back.
    """

    id = IdField(primary_key=True)
    token = models.CharField(max_length=24, unique=True)
    purpose = models.CharField(max_length=12)
    channel = models.CharField(max_length=5)
    contact = models.CharField(max_length=120)
    salt = models.CharField(max_length=24)
    attempts = models.SmallIntegerField(default=0)
    sends = models.SmallIntegerField(default=1)
    account = models.ForeignKey(Account, null=True, on_delete=models.CASCADE, related_name="+")
    intent = models.CharField(max_length=40, blank=True, default="")
    next_url = models.CharField(max_length=500, blank=True, default="")
    visitor = models.CharField(max_length=40, blank=True, default="")
    cart_token = models.CharField(max_length=40, blank=True, default="")
    language = models.CharField(max_length=8, default="en")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "people_signincode"
        indexes = [models.Index(fields=["expires_at"], name="sign_in_code_age")]


class IntendedAction(models.Model):
    """What a visitor was about to do when sign-in was asked; resumed in whichever browser finishes.

    ``payload`` is what the kind's resumer needs, form values included. Kept server-side, found by
    the token that travels with the sign-in, never by a cookie alone.
    """

    id = IdField(primary_key=True)
    token = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=30)
    payload = models.JSONField()
    created_at = models.DateTimeField()
    resumed_at = models.DateTimeField(null=True)
    resumed_by = models.ForeignKey(Account, null=True, on_delete=models.SET_NULL)

    class Meta:
        db_table = "people_intendedaction"
        indexes = [models.Index(fields=["created_at"], name="intended_action_age")]


class GuestMerge(models.Model):
    """A guest's purchases joined to an account by a verified contact; reversible for 30 days.

    ``moved`` maps the name of a source (``ports.GuestSource``) to the ids it moved.
    """

    id = IdField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="merges")
    contact = models.CharField(max_length=120)
    state = models.CharField(
        max_length=10, choices=GUEST_MERGE.choices(), default=GUEST_MERGE.initial
    )
    moved = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "people_guestmerge"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "contact"],
                condition=Q(state="offered"),
                name="guest_merge_one_offer",
            )
        ]


class ApiToken(models.Model):
    """A personal API token; only its hash is kept."""

    id = IdField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    name = models.CharField(max_length=60)
    token_hash = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "people_apitoken"
