"""What is handed over without a parcel, and to whom."""

from banyan.kernel.personal import Erase, holds, names_nobody

PROOF = "As long as the order: proof that it was handed over."

holds("delivery.Download", Erase.BLANK, PROOF, owner=("account_id",), fields=("account",))
holds("delivery.Voucher", Erase.PSEUDONYM, PROOF, owner=("redeemed_by_id",))
holds("delivery.Scan", Erase.PSEUDONYM, PROOF, owner=("by_id",), fields=("device",))
holds("delivery.DigitalFile", Erase.PSEUDONYM, PROOF, owner=("uploaded_by_id",))
names_nobody("delivery.Terms", "delivery.Grant", "delivery.LicenceKey", "delivery.Shortfall")
