"""What standing holds of people."""

from banyan.kernel.personal import Erase, holds, names_nobody

RECORD = "For good, without names: decisions must be explained."

holds(
    "standing.Permit", Erase.KEEP, "As the law on permits asks: a shop must be able to show them.",
    owner=("shop__owner_id",), fields=("holder", "number"),
)  # fmt: skip
holds(
    "standing.PermitPicture", Erase.KEEP, "As long as its permit.",
    owner=("permit__shop__owner_id",), fields=("jpeg",),
)  # fmt: skip
holds("standing.Review", Erase.BLANK, "As long as the product, without its author.",
      owner=("author_id",), fields=("author",))  # fmt: skip
holds("standing.Report", Erase.BLANK, RECORD, owner=("reporter_id",), fields=("reporter", "body"))
holds("standing.Appeal", Erase.BLANK, RECORD, owner=("shop__owner_id",), fields=("body",))
names_nobody("standing.GuardedCategory", "standing.Excused", "standing.Takedown")
