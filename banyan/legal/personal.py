"""What legal holds of people: that they agreed, asked and left."""

from django.db.models import Q

from banyan.kernel.personal import Erase, Kept, holds, names_nobody

from .actions.exporting import KEPT

PROOF = "For good: proof of what was agreed, asked for and done."

holds("legal.Acceptance", Erase.PSEUDONYM, PROOF, owner=("account_id",), guest=("checkout_id",))
holds("legal.Erasure", Erase.PSEUDONYM, PROOF, owner=("account_id",), guest=("checkout_id",))
holds(
    "legal.Export",
    Erase.PSEUDONYM,
    "The file a week; that it was made stays.",
    owner=("account_id",),
    guest=("checkout_id",),
    kept=Kept(KEPT, ("ready_at",), ~Q(file=""), by="legal.erase"),
)
names_nobody("legal.LegalText")
