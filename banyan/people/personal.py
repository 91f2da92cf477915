"""What is known of members, and what becomes of it when they leave."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from banyan.kernel import idempotency, ratelimits
from banyan.kernel.models import (
    AuditEntry,
    IdempotencyRecord,
    RateBucket,
    StateChange,
    StoredEvent,
)
from banyan.kernel.personal import Erase, Kept, Person, holds, names_nobody

from .actions.contacts import KEPT as BOOKS_KEPT
from .actions.intents import KEEP as INTENTS_KEPT
from .actions.sign_in import KEEP as CODES_KEPT
from .models import Account
from .rules.handles import KEPT as HANDLES_KEPT

ACCOUNT = "As long as the account."
GONE = "Deleted member"


def _erase_account(person: Person) -> None:
    """Leave a number that names nobody: rows of a purchase or a payout point to it."""
    account = Account.objects.filter(pk=person.account_id or 0).first()
    if account is None:
        return
    account.handle = f"deleted-{account.pk:x}"
    account.display_name = GONE
    account.email = account.phone = account.avatar = account.last_login = None
    account.language, account.theme = "en", ""
    account.is_active = account.is_staff = account.is_superuser = False
    account.set_unusable_password()
    account.save()


def _erase_log(person: Person) -> None:
    """Take the name out of what staff and the person did; who did it stays a number."""
    by = AuditEntry.objects.filter(actor_id=person.account_id)
    by.update(actor_label=GONE)
    about = Q(subject_kind="account", subject_id=person.account_id)
    if person.handle:
        about |= Q(subject_label__iexact=f"@{person.handle}")
    AuditEntry.objects.filter(about).update(subject_label=GONE, detail={})


def _erase_moves(person: Person) -> None:
    StateChange.objects.filter(actor_id=person.account_id).update(actor_label="", reason="")


def _erase_events(person: Person) -> None:
    """Events carry numbers; only the one that told of the account carries its handle."""
    told = StoredEvent.objects.filter(name="account.created", subject_id=person.account_id or 0)
    for event in told:
        event.payload = {**event.payload, "handle": "deleted"}
        event.save(update_fields=["payload"])


def _erase_requests(person: Person) -> None:
    actors = [f"member:{person.account_id}", f"staff:{person.account_id}"]
    IdempotencyRecord.objects.filter(actor__in=actors).delete()


def _erase_rates(person: Person) -> None:
    for contact in person.contacts:
        RateBucket.objects.filter(key__icontains=contact).delete()


holds(
    "people.Account", Erase.BLANK, ACCOUNT, owner=("pk",), act=_erase_account,
    fields=("handle", "display_name", "email", "phone", "avatar", "language", "last_login"),
)  # fmt: skip
holds(
    "people.FormerHandle", Erase.DELETE, "90 days, in which it leads to the account.",
    owner=("account_id",), fields=("handle",), kept=Kept(HANDLES_KEPT, ("left_at",)),
)  # fmt: skip
holds("people.AccountWords", Erase.DELETE, ACCOUNT, owner=("account_id",))
holds(
    "people.Profile", Erase.DELETE, ACCOUNT, owner=("account_id",),
    fields=("bio", "region", "birthday", "hometown", "dialect", "school"),
)  # fmt: skip
holds("people.StaffRole", Erase.DELETE, ACCOUNT, owner=("account_id",))
holds(
    "people.Consent",
    Erase.PSEUDONYM,
    "For good, by number: proof of a yes or no.",
    owner=("account_id",),
)
holds(
    "people.Address", Erase.DELETE, "Until its owner takes it away.", owner=("account_id",),
    fields=(
        "recipient", "phone", "country", "level1", "level2", "level3", "street", "postcode",
    ),
)  # fmt: skip
holds("people.Follow", Erase.DELETE, ACCOUNT, owner=("follower_id", "followee_id"))
holds("people.Block", Erase.DELETE, ACCOUNT, owner=("actor_id",), about=("target_id",))
holds(
    "people.Mute", Erase.DELETE, "Until it ends, or as long as the account.",
    owner=("actor_id",), about=("target_id",), fields=("words",),
    kept=Kept(dt.timedelta(0), ("expires_at",)),
)  # fmt: skip
holds("people.AccountList", Erase.DELETE, ACCOUNT, owner=("owner_id",), fields=("name",))
holds("people.ListEntry", Erase.DELETE, ACCOUNT, owner=("on__owner_id",), about=("account_id",))
holds(
    "people.BookDigest", Erase.DELETE, "A year, and only while its owner agrees.",
    owner=("owner_id",), fields=("digest",),
    kept=Kept(BOOKS_KEPT, ("created_at",), by="people.forget"),
)  # fmt: skip
holds(
    "people.FoundByDigest", Erase.DELETE, "While the member agrees to be found by a contact.",
    owner=("account_id",), fields=("digest",),
)  # fmt: skip
holds("people.VisitorLink", Erase.DELETE, ACCOUNT, owner=("account_id",), fields=("visitor",))
holds(
    "people.SignInCode", Erase.DELETE, "A week.", owner=("account_id",), contact=("contact",),
    fields=("contact", "visitor", "cart_token"),
    kept=Kept(CODES_KEPT, ("expires_at",), by="people.forget"),
)  # fmt: skip
holds(
    "people.IntendedAction", Erase.DELETE, "Two days.", owner=("resumed_by_id",),
    fields=("payload",), kept=Kept(INTENTS_KEPT, ("created_at",), by="people.forget"),
)  # fmt: skip
holds(
    "people.GuestMerge", Erase.BLANK, "As long as the purchases it moved.", owner=("account_id",),
    fields=("contact",),
)  # fmt: skip
holds("people.ApiToken", Erase.DELETE, ACCOUNT, owner=("account_id",), fields=("name", "hint"))

# Tables of libraries, and of the kernel, which knows no account.
holds("account.EmailAddress", Erase.DELETE, ACCOUNT, owner=("user_id",), fields=("email",))
holds("account.EmailConfirmation", Erase.DELETE, ACCOUNT, owner=("email_address__user_id",))
holds("mfa.Authenticator", Erase.DELETE, ACCOUNT, owner=("user_id",), fields=("data",))
holds(
    "socialaccount.SocialAccount", Erase.DELETE, ACCOUNT, owner=("user_id",),
    fields=("uid", "extra_data"),
)  # fmt: skip
holds("socialaccount.SocialToken", Erase.DELETE, ACCOUNT, owner=("account__user_id",))
holds("admin.LogEntry", Erase.DELETE, "Not written here.", owner=("user_id",))
holds(
    "kernel.AuditEntry", Erase.BLANK, "For good, without names: what staff did, and why.",
    owner=("actor_id",), fields=("actor_label", "subject_label"), act=_erase_log,
)  # fmt: skip
holds(
    "kernel.StateChange", Erase.BLANK, "As long as what moved.", owner=("actor_id",),
    fields=("actor_label", "reason"), act=_erase_moves,
)  # fmt: skip
holds(
    "kernel.StoredEvent", Erase.BLANK, "As long as the outbox.", fields=("payload",),
    act=_erase_events,
)  # fmt: skip
holds(
    "kernel.IdempotencyRecord", Erase.DELETE, "Two days.", fields=("response",),
    act=_erase_requests, kept=Kept(idempotency.KEPT, ("created_at",), by="kernel.forget"),
)  # fmt: skip
holds(
    "kernel.RateBucket", Erase.DELETE, "Two days.", fields=("key",), act=_erase_rates,
    kept=Kept(ratelimits.KEPT, ("window_start",), by="kernel.forget"),
)  # fmt: skip
holds(
    "sessions.Session", Erase.KEEP, "Until it is over: 60 days after the browser last came.",
    kept=Kept(dt.timedelta(0), ("expire_date",)),
)  # fmt: skip
names_nobody(
    "auth.Permission", "auth.Group", "auth.Group_permissions",
    "people.Account_groups", "people.Account_user_permissions", "contenttypes.ContentType",
    "socialaccount.SocialApp", "kernel.RelayState", "kernel.ConsumerCursor", "kernel.DeadEvent",
    "kernel.BoundedCounter", "kernel.CounterDelta", "kernel.TicketPool", "kernel.TicketClaim",
    "kernel.TicketRelease", "kernel.Flag", "kernel.Seed", "kernel.Node", "kernel.SearchCorpus",
    "kernel.SearchWord", "kernel.SweepPlace",
)  # fmt: skip
