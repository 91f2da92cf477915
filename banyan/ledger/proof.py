"""The proof: every balance, journal, snapshot and reversal recounted from the postings alone."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.db import connection

from banyan.kernel import audit
from banyan.kernel.actors import Actor
from banyan.kernel.models import AuditEntry

PROVEN = "ledger.prove"


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing that is not as the postings say. ``kind`` is stable; ids are of its own table."""

    kind: str
    subject_id: int
    expected: int
    found: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What was recounted and what was wrong; ``totals`` maps a currency to its sum (always 0)."""

    accounts: int
    journals: int
    postings: int
    totals: dict[str, int]
    drifts: tuple[Drift, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing drifted."""
        return not self.drifts

    def as_json(self) -> dict[str, object]:
        """Return the report as JSON values; ids are strings."""
        drifts = [{**asdict(drift), "subject_id": str(drift.subject_id)} for drift in self.drifts]
        return {
            "clean": self.clean,
            "accounts": self.accounts,
            "journals": self.journals,
            "postings": self.postings,
            "totals": self.totals,
            "drifts": drifts,
        }


# Each check is one statement, so one consistent picture, and may run while the system works.
# Columns: subject id, expected, found, note.
CHECKS: dict[str, str] = {
    "running_balance": """
        SELECT a.id, coalesce(s.total, 0), a.balance, a.kind || ' ' || a.currency
        FROM ledger_account a
        LEFT JOIN (SELECT account_id, sum(amount) AS total FROM ledger_posting GROUP BY 1) s
               ON s.account_id = a.id
        WHERE a.discipline <> 'hot' AND a.balance <> coalesce(s.total, 0)""",
    "guarded_below_zero": """
        SELECT id, 0, balance, kind || ' ' || currency FROM ledger_account
        WHERE discipline = 'guarded' AND balance < 0""",
    "hot_has_balance": """
        SELECT id, 0, balance, kind || ' ' || currency FROM ledger_account
        WHERE discipline = 'hot' AND balance <> 0""",
    "journal_unbalanced": """
        SELECT journal_id, 0, sum(amount), currency FROM ledger_posting
        GROUP BY journal_id, currency HAVING sum(amount) <> 0""",
    "journal_empty": """
        SELECT j.id, 1, 0, j.key FROM ledger_journal j
        WHERE NOT EXISTS (SELECT 1 FROM ledger_posting p WHERE p.journal_id = j.id)""",
    "posting_currency": """
        SELECT p.id, 0, 1, p.currency || ' on ' || a.currency
        FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
        WHERE p.currency <> a.currency""",
    "snapshot": """
        SELECT s.id, coalesce(t.total, 0), s.balance, 'account ' || s.account_id
        FROM ledger_snapshot s CROSS JOIN LATERAL (
          SELECT sum(p.amount) AS total FROM ledger_posting p
          WHERE p.account_id = s.account_id AND p.id <= s.up_to) t
        WHERE s.balance <> coalesce(t.total, 0)""",
    "over_reversed": """
        SELECT o.id, o.total, r.total, o.key FROM (
          SELECT j.id, j.key, sum(p.amount) AS total FROM ledger_journal j
          JOIN ledger_posting p ON p.journal_id = j.id AND p.amount > 0
          WHERE j.id IN (SELECT reverses_id FROM ledger_journal) GROUP BY j.id) o
        JOIN (
          SELECT j.reverses_id, sum(p.amount) AS total FROM ledger_journal j
          JOIN ledger_posting p ON p.journal_id = j.id AND p.amount > 0
          WHERE j.reverses_id IS NOT NULL GROUP BY j.reverses_id) r ON r.reverses_id = o.id
        WHERE r.total > o.total""",
}


def verify(*, limit: int = 1000) -> Report:
    """Recount everything; at most ``limit`` drifts per kind are listed. Changes nothing."""
    drifts: list[Drift] = []
    with connection.cursor() as cursor:
        for kind, check in CHECKS.items():
            cursor.execute(f"{check} ORDER BY 1 LIMIT %s", [limit])
            drifts += [
                Drift(kind, subject, int(expected), int(found), note or "")
                for subject, expected, found, note in cursor.fetchall()
            ]
        cursor.execute("SELECT currency, sum(amount) FROM ledger_posting GROUP BY 1 ORDER BY 1")
        totals = {currency: int(total) for currency, total in cursor.fetchall()}
        cursor.execute(
            "SELECT (SELECT count(*) FROM ledger_account), (SELECT count(*) FROM ledger_journal),"
            " (SELECT count(*) FROM ledger_posting)"
        )
        accounts, journals, postings = cursor.fetchone()
    drifts += [
        Drift("currency_total", 0, 0, total, currency)
        for currency, total in totals.items()
        if total
    ]
    return Report(accounts, journals, postings, totals, tuple(drifts))


def prove(*, actor: Actor, reason: str = "") -> Report:
    """Recount everything and keep the result in the audit log, where :func:`last_proof` reads it.

    Changes nothing else; drift is for people to look at.
    """
    report = verify()
    audit.record(
        actor=actor,
        action=PROVEN,
        subject_kind="ledger",
        subject_id=0,
        reason=reason,
        detail={
            "clean": report.clean,
            "journals": report.journals,
            "postings": report.postings,
            "drifts": len(report.drifts),
        },
    )
    return report


def last_proof() -> AuditEntry | None:
    """Return what the last proof found (``detail``) and when, or None. One query."""
    proofs = AuditEntry.objects.filter(subject_kind="ledger", subject_id=0, action=PROVEN)
    return proofs.order_by("-id").first()
