"""What earnings hold of people: numbers of accounts."""

from banyan.kernel.personal import Erase, holds, names_nobody

BOOKS = "Ten years: who earned what, and why."

holds("earnings.Commission", Erase.PSEUDONYM, BOOKS, owner=("payee_id",))
holds("earnings.PayoutItem", Erase.PSEUDONYM, BOOKS, owner=("payee_id",))
names_nobody("earnings.Plan", "earnings.PlanVersion", "earnings.PayoutBatch")
