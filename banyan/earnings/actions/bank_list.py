"""What finance takes to the bank: the payouts of a batch that a person has to send."""

from __future__ import annotations

import csv
import io

from django.db import transaction

from banyan.catalog.rules.product_csv.cells import price_text, protect
from banyan.kernel import audit
from banyan.kernel.actors import Actor
from banyan.payments import destinations
from banyan.payments.queries import payouts_to_send

from ..access import get_batch_for

COLUMNS = ("reference", "name", "account", "amount", "currency")


def take_bank_list(*, actor: Actor, batch_id: int, reason: str = "") -> str:
    """Return as CSV the payouts of a batch that a person has yet to send. Finance; audited.

    ``reference`` is ours, for the bank's note to the payee; ``amount`` a decimal number of
    ``currency``. Cells that a spreadsheet would run begin with an apostrophe; those that no key
    opens any more are empty. Changes nothing.
    """
    batch = get_batch_for(actor, batch_id)
    out = io.StringIO()
    out.write("\ufeff")  # so that spreadsheets read it as UTF-8
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    found = payouts_to_send("payout_batch", batch.pk)
    for reference, payout in found:
        place = destinations.opened(payout.destination)
        writer.writerow(
            {
                "reference": reference,
                "name": protect(place.get("name", "")),
                "account": protect(place.get("account", "")),
                "amount": price_text(payout.amount, payout.currency),
                "currency": payout.currency,
            }
        )
    with transaction.atomic():
        audit.record(
            actor=actor,
            action="payout_batch.bank_list",
            subject_kind="payout_batch",
            subject_id=batch.pk,
            reason=reason,
            detail={"payouts": len(found)},
        )
    return out.getvalue()
