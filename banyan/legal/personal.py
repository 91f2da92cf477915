"""What legal holds of people: that they agreed, asked and left."""

from banyan.kernel.personal import Erase, holds, names_nobody

PROOF = "For good: proof of what was agreed, asked for and done."

holds("legal.Acceptance", Erase.PSEUDONYM, PROOF, owner=("account_id",), guest=("checkout_id",))
holds("legal.Erasure", Erase.PSEUDONYM, PROOF, owner=("account_id",), guest=("checkout_id",))
holds(
    "legal.Export",
    Erase.PSEUDONYM,
    "The file a week; that it was made stays.",
    owner=("account_id",),
    guest=("checkout_id",),
)
names_nobody("legal.LegalText")
