"""What people were told, and where it was sent."""

import datetime as dt

from django.db.models import Q

from banyan.kernel.personal import Erase, Kept, Person, holds, names_nobody
from banyan.people.models import Follow

from .actions.allowances import KEPT as DAYS_KEPT
from .actions.reminders import KEPT as CONTACTS_KEPT
from .models import Notification


def _erase_told(person: Person) -> None:
    """Take away what the person was told, and their friends' lines that lead to their name."""
    one = person.account_id
    if one is None:
        return
    Notification.objects.filter(recipient_id=one).delete()
    followers = Follow.objects.filter(followee_id=one).values("follower_id")
    about = [f"friend:{one}", f"follow.accepted:{one}"]
    keys = [key for each in about for key in (each, f"~{each}")]
    Notification.objects.filter(recipient_id__in=followers, group_key__in=keys).delete()


holds(
    "notify.Notification", Erase.DELETE, "A year after something last happened in it.",
    owner=("recipient_id",), fields=("data", "actors"), act=_erase_told,
    kept=Kept(dt.timedelta(days=365), ("updated_at",)),
)  # fmt: skip
holds(
    "notify.Message", Erase.DELETE,
    "A record of what was sent: half a year, or until its reader leaves.",
    contact=("destination",), guest=("cause_id",),
    fields=("destination", "subject", "body", "secret", "link", "leave"),
    kept=Kept(dt.timedelta(days=183), ("created_at",), ~Q(state="queued")),
)  # fmt: skip
holds(
    "notify.Preference", Erase.DELETE, "As long as the account.", owner=("account_id",),
    fields=("time_zone", "quiet_from", "quiet_until", "digest", "strangers"),
)  # fmt: skip
holds("notify.Switch", Erase.DELETE, "As long as the account.", owner=("account_id",))
holds(
    "notify.PushSubscription", Erase.DELETE, "Until the browser is gone, or signs out.",
    owner=("account_id",), fields=("endpoint", "p256dh", "auth", "device"),
)  # fmt: skip
holds(
    "notify.Reminder", Erase.DELETE, "The contact for 30 days after the one message, or a stop.",
    owner=("account_id",), contact=("destination",), fields=("destination", "contact"),
    kept=Kept(CONTACTS_KEPT, ("told_at", "stopped_at"), ~Q(destination=""), by="notify.forget"),
)  # fmt: skip
holds(
    "notify.Allowance", Erase.KEEP, "How much was sent on a day; eight days.", fields=("who",),
    kept=Kept(DAYS_KEPT, ("day",), by="notify.forget"),
)  # fmt: skip
holds(
    "notify.Stop", Erase.KEEP, "A wish not to be written to: the mark alone, for ever.",
    fields=("contact",),
)  # fmt: skip
names_nobody("notify.PushKey")
