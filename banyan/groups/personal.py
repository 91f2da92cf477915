"""Who belongs to a group."""

from banyan.kernel.personal import Erase, holds, names_nobody

holds("groups.Membership", Erase.DELETE, "As long as somebody belongs to it.",
      owner=("account_id",))  # fmt: skip
names_nobody("groups.Group")
