"""What members sell each other, and what they argue about."""

from banyan.kernel.personal import Erase, holds, names_nobody

holds(
    "market.Listing", Erase.BLANK, "As long as orders of it are kept.", owner=("seller_id",),
    fields=("level2",),
)  # fmt: skip
holds(
    "market.DisputeEntry", Erase.BLANK, "As long as the order: why money went where it went.",
    owner=("author_id",), guest=("dispute__order__checkout_id",), fields=("body", "image"),
)  # fmt: skip
names_nobody("market.Escrow", "market.Dispute")
