"""What campaigns hold of people."""

from __future__ import annotations

import datetime as dt

from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat

from banyan.kernel.personal import Erase, Kept, Person, holds, names_nobody

from .models import PersonKey

PROOF = "As long as the campaign's books: proof of what was promised and given."


def _forget_keys(person: Person) -> None:
    """Keep who took part as a number; contacts and browsers go."""
    rows = PersonKey.objects.filter(
        account_id=person.account_id or 0, key__regex="^(contact|browser):"
    )
    rows.update(key=Concat(Value("erased:"), Cast("pk", CharField())))


holds("campaigns.Campaign", Erase.PSEUDONYM, PROOF, owner=("creator_id",))
holds("campaigns.CampaignVersion", Erase.PSEUDONYM, PROOF, owner=("published_by_id",))
holds("campaigns.Instance", Erase.PSEUDONYM, PROOF, owner=("owner_id",))
holds("campaigns.Participation", Erase.PSEUDONYM, PROOF, owner=("account_id",))
holds("campaigns.Contribution", Erase.PSEUDONYM, PROOF, owner=("helper_id", "helped_id"))
holds("campaigns.Grant", Erase.PSEUDONYM, PROOF, owner=("account_id",))
holds(
    "campaigns.PersonKey",
    Erase.BLANK,
    PROOF,
    owner=("account_id",),
    fields=("key",),
    act=_forget_keys,
)
holds(
    "campaigns.Preview",
    Erase.DELETE,
    "An hour: what was pressed when a draft was tried out.",
    owner=("account_id",),
    kept=Kept(dt.timedelta(0), ("expires_at",)),
)
holds(
    "campaigns.OutsidePicture",
    Erase.DELETE,
    "As long as the campaign's books: what was given for it; or until whoever showed it leaves.",
    owner=("account_id",),
)
names_nobody("campaigns.KeptUnit", "campaigns.PlaceHold", "campaigns.ProofFile")
