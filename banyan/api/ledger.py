"""The proof that the books add up."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from banyan.earnings.access import require_role
from banyan.ledger.proof import verify

from .gate import READ, actor
from .schemas import Answer, IdOut

router = Router(tags=["ledger"])


class DriftAnswer(Answer):
    """One thing that is not as the postings say."""

    kind: str
    subject_id: IdOut
    expected: int
    found: int
    note: str


class ProofAnswer(Answer):
    """What `banyan ledger verify` says: everything recounted from the postings alone.

    ``totals`` maps a currency to the sum of its postings, always 0.
    """

    clean: bool
    accounts: int
    journals: int
    postings: int
    totals: dict[str, int]
    drifts: list[DriftAnswer]


@router.get("/ledger/proof", auth=READ, response=ProofAnswer)
def read_proof(request: HttpRequest) -> Any:
    """Recount every balance, journal, snapshot and reversal. For finance staff; takes a while."""
    require_role(actor(request), "finance")
    report = verify(limit=100)
    return ProofAnswer(
        clean=report.clean,
        accounts=report.accounts,
        journals=report.journals,
        postings=report.postings,
        totals=report.totals,
        drifts=[
            DriftAnswer(
                kind=one.kind,
                subject_id=one.subject_id,
                expected=one.expected,
                found=one.found,
                note=one.note,
            )
            for one in report.drifts
        ],
    )
