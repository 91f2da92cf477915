"""What sharing holds of people: the path of money stays, by number; visits go."""

from banyan.kernel.personal import Erase, holds, names_nobody

PATH = "As long as the orders that came through it: who earned, and why."

holds("sharing.Link", Erase.PSEUDONYM, PATH, owner=("owner_id",))
holds("sharing.Touch", Erase.BLANK, PATH, owner=("account_id",), fields=("visitor", "account_id"))
holds(
    "sharing.VisitorAccount", Erase.DELETE, "As long as the account.", owner=("account_id",),
    fields=("visitor",),
)  # fmt: skip
holds(
    "sharing.PendingConfirmation", Erase.DELETE, "Minutes.", owner=("account_id",),
    fields=("visitor",),
)  # fmt: skip
holds("sharing.Exposure", Erase.KEEP, "First-party visitor ids without an account, 90 days.",
      fields=("visitor",))  # fmt: skip
names_nobody("sharing.SpoolFile")
