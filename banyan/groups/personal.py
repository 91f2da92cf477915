"""Who belongs to a group."""

from banyan.kernel.personal import Erase, holds, names_nobody

holds("groups.Membership", Erase.DELETE, "As long as somebody belongs to it.",
      owner=("account_id",))  # fmt: skip
holds("groups.Invitation", Erase.DELETE, "Until it runs out.", owner=("by_id",))
holds("groups.Pick", Erase.PSEUDONYM, "As long as the group shows it.", owner=("by_id",))
holds("groups.Offer", Erase.BLANK, "As long as the group.", owner=("by_id",), fields=("note",))
holds("groups.Notice", Erase.DELETE, "A year: the cap on notices.", owner=("account_id",))
names_nobody("groups.Group")
