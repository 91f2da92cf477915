"""What people were told, and where it was sent."""

from banyan.kernel.personal import Erase, holds, names_nobody

holds(
    "notify.Notification", Erase.DELETE, "As long as the account.", owner=("recipient_id",),
    fields=("data", "actors"),
)  # fmt: skip
holds(
    "notify.Message", Erase.DELETE, "A record of what was sent, until its reader leaves.",
    contact=("destination",), guest=("cause_id",),
    fields=("destination", "subject", "body", "secret", "link", "leave"),
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
)  # fmt: skip
holds("notify.Allowance", Erase.KEEP, "How much was sent on a day; eight days.", fields=("who",))
holds(
    "notify.Stop", Erase.KEEP, "A wish not to be written to: the mark alone, for ever.",
    fields=("contact",),
)  # fmt: skip
names_nobody("notify.PushKey")
