"""What moderation holds of people: what was decided stays, by number; what was said goes."""

from banyan.kernel.personal import Erase, holds, names_nobody

RECORD = "For good, by number: decisions must be explained and can be appealed."

holds("moderation.Case", Erase.PSEUDONYM, RECORD, owner=("author_id",))
holds("moderation.Report", Erase.BLANK, RECORD, owner=("reporter_id",), fields=("reporter", "note"))
holds("moderation.CaseNote", Erase.PSEUDONYM, RECORD, owner=("author_id",))
holds(
    "moderation.Decision", Erase.BLANK, RECORD, owner=("case__author_id",),
    fields=("label", "words"),
)  # fmt: skip
holds("moderation.Sanction", Erase.PSEUDONYM, RECORD, owner=("account_id",))
holds(
    "moderation.Appeal", Erase.BLANK, RECORD, owner=("decision__case__author_id",),
    fields=("body",),
)  # fmt: skip
holds(
    "moderation.RightsNotice", Erase.BLANK, "As long as claims about it are possible.",
    owner=("author_id",), contact=("email",),
    fields=(
        "claimant", "email", "address", "work", "words", "counter", "counter_name", "label",
    ),
)  # fmt: skip
names_nobody("moderation.ListedWord", "moderation.BlockedPicture")
