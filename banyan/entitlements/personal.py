"""What coupons, points and price rights hold of people."""

from __future__ import annotations

from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat

from banyan.kernel.personal import Erase, Person, holds, names_nobody

from .models import PersonUse, Redemption

PROOF = "As long as the orders they paid for."


def keys_of(person: Person) -> list[str]:
    """Return under which keys a person counts for caps per person."""
    contacts = [f"contact:{contact.lower()}" for contact in person.contacts]
    return [f"account:{person.account_id}", *contacts]


def _forget(person: Person, model: type[PersonUse] | type[Redemption]) -> None:
    forgotten = Concat(Value("erased:"), Cast("pk", CharField()))
    rows = model._base_manager.filter(person_key__in=keys_of(person))
    rows.filter(person_key__startswith="contact:").update(person_key=forgotten)


holds("entitlements.Grant", Erase.PSEUDONYM, PROOF, owner=("account_id",))
holds(
    "entitlements.Redemption", Erase.BLANK, PROOF, fields=("person_key",),
    act=lambda person: _forget(person, Redemption),
)  # fmt: skip
holds(
    "entitlements.PersonUse", Erase.BLANK, PROOF, fields=("person_key",),
    act=lambda person: _forget(person, PersonUse),
)  # fmt: skip
holds("entitlements.PriceRight", Erase.PSEUDONYM, PROOF, owner=("account_id",))
holds("entitlements.PointsPurse", Erase.PSEUDONYM, PROOF, owner=("account_id",))
holds("entitlements.PointsLot", Erase.PSEUDONYM, PROOF, owner=("purse__account_id",))
holds("entitlements.PointsUse", Erase.PSEUDONYM, PROOF, owner=("purse__account_id",))
names_nobody("entitlements.Coupon", "entitlements.PointsTerms", "entitlements.PointsPiece")
