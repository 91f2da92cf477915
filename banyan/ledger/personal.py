"""What the ledger holds of people: numbers of accounts, and nothing that names one."""

from banyan.kernel.personal import Erase, holds, names_nobody

BOOKS = "The books are kept for as long as the law asks (at least ten years) and never changed."

holds("ledger.Account", Erase.PSEUDONYM, BOOKS, owner=("owner_id",))
holds("ledger.Journal", Erase.PSEUDONYM, BOOKS, owner=("actor_id",))
holds("ledger.Posting", Erase.PSEUDONYM, BOOKS)
names_nobody("ledger.Snapshot")
