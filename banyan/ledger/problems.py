"""What the ledger refuses, each with a stable code."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from banyan.kernel.problems import Conflict, Problem


class BadJournal(Problem):
    """The entries are no journal. Codes: ``journal_empty``, ``journal_zero_amount``,
    ``journal_unbalanced``, ``journal_extended``, ``journal_currency``."""

    code = "journal_unbalanced"
    status = 500
    message = _("This booking does not add up, so nothing was booked.")


class JournalKeyReused(Conflict):
    """The key already stands for a journal with other entries."""

    code = "journal_key_reused"
    message = _("This booking was already made with other amounts.")


class InsufficientBalance(Conflict):
    """A guarded account would have gone below zero."""

    code = "insufficient_balance"
    message = _("The balance is not enough for this.")
