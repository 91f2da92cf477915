"""What moderation holds of people: what was decided stays, by number; what was said goes."""

import datetime as dt

from django.db.models import Q

from banyan.kernel.personal import Erase, Kept, holds, names_nobody

from .states import RIGHTS_NOTICE

SETTLED = [state for state, onward in RIGHTS_NOTICE.transitions.items() if not onward]
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
    "moderation.RightsNotice", Erase.BLANK,
    "Three years after it was settled, when claims about it are over; then without names.",
    owner=("author_id",), contact=("email",),
    fields=(
        "claimant", "email", "address", "work", "words", "counter", "counter_name", "label",
    ),
    kept=Kept(dt.timedelta(days=3 * 365), ("moved_at",), Q(state__in=SETTLED)),
)  # fmt: skip
names_nobody("moderation.ListedWord", "moderation.BlockedPicture")
