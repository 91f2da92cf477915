"""What experiments hold of people: which arm they were in."""

from __future__ import annotations

from banyan.kernel.personal import Erase, holds

holds("experiments.Exposure", Erase.DELETE, "As long as the account.", owner=("account_id",))
