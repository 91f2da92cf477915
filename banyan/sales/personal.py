"""What flash sales hold of people."""

from __future__ import annotations

import datetime as dt

from django.db.models import CharField, Q, Value
from django.db.models.functions import Cast, Concat

from banyan.kernel.personal import Erase, Kept, Person, holds, names_nobody

from .models import RightKey

PROOF = "As long as the orders they were used for."


def _forget_keys(person: Person) -> None:
    """Keep who had a right as a number; the contacts behind it go."""
    mine = Q(right__account_id=person.account_id) if person.account_id else Q(pk__in=[])
    contacts = [f"contact:{contact.lower()}" for contact in person.contacts]
    rows = RightKey.objects.filter(mine | Q(key__in=contacts), key__startswith="contact:")
    rows.update(key=Concat(Value("erased:"), Cast("pk", CharField())))


holds(
    "sales.Fan", Erase.DELETE, "Until the sale is over.", owner=("account_id",),
    kept=Kept(dt.timedelta(0), ("sale__ended_at",), Q(sale__state="ended")),
)  # fmt: skip
holds(
    "sales.Right", Erase.BLANK, PROOF, owner=("account_id",), contact=("recipient",),
    guest=("checkout_id",), fields=("recipient",),
)  # fmt: skip
holds("sales.RightKey", Erase.BLANK, PROOF, fields=("key",), act=_forget_keys)
holds(
    "sales.Entry",
    Erase.PSEUDONYM,
    "As long as the sale: proof of a fair draw.",
    owner=("account_id",),
)
names_nobody("sales.Sale", "sales.RoomProof", "sales.SaleItem", "sales.Bucket", "sales.CodeBatch")
