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
holds("notify.Preference", Erase.DELETE, "As long as the account.", owner=("account_id",))
holds("notify.Switch", Erase.DELETE, "As long as the account.", owner=("account_id",))
holds(
    "notify.PushSubscription", Erase.DELETE, "As long as the browser takes it.",
    owner=("account_id",), fields=("endpoint", "p256dh", "auth", "device"),
)  # fmt: skip
holds(
    "notify.Reminder", Erase.DELETE, "Until it was told or stopped.", owner=("account_id",),
    contact=("destination",), fields=("destination", "contact"),
)  # fmt: skip
holds(
    "notify.Stop", Erase.KEEP, "For good: a mark of whom nobody may write to.",
    fields=("contact",),
)  # fmt: skip
names_nobody("notify.Allowance", "notify.PushKey")
