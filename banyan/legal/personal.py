"""What legal holds of people: that they agreed, asked and left."""

from banyan.kernel.personal import Erase, holds, names_nobody

PROOF = "Ten years: proof of what was agreed, asked for and done."

holds("legal.Acceptance", Erase.PSEUDONYM, PROOF, owner=("account_id",), guest=("checkout_id",))
holds("legal.Erasure", Erase.PSEUDONYM, PROOF, owner=("account_id",), guest=("checkout_id",))
holds("legal.Export", Erase.PSEUDONYM, "A week.", owner=("account_id",), guest=("checkout_id",))
names_nobody("legal.LegalText")
