"""What people were told, and where it was sent."""

from banyan.kernel.personal import Erase, holds

holds(
    "notify.Notification", Erase.DELETE, "As long as the account.", owner=("recipient_id",),
    fields=("data", "actors"),
)  # fmt: skip
holds(
    "notify.Message", Erase.DELETE, "A record of what was sent, until its reader leaves.",
    contact=("destination",), guest=("cause_id",),
    fields=("destination", "subject", "body", "secret"),
)  # fmt: skip
