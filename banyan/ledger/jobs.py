"""Background work of the ledger; each job may run twice."""

from __future__ import annotations

import logging

from procrastinate.contrib.django import app

from banyan.kernel.actors import Actor

from . import actions, proof

logger = logging.getLogger("banyan.ledger")


@app.periodic(cron="*/5 * * * *")
@app.task(name="ledger.snapshot_hot_accounts", queueing_lock="ledger.snapshot_hot_accounts")
def snapshot_hot_accounts(timestamp: int) -> int:
    """Keep the balances of hot accounts cheap to read; returns how many were snapshotted."""
    return actions.take_snapshots()


@app.periodic(cron="17 3 * * *")
@app.task(name="ledger.verify_nightly", queueing_lock="ledger.verify_nightly")
def verify_nightly(timestamp: int) -> int:
    """Recount the ledger; drift is logged as an error, never repaired. Returns the drifts."""
    report = proof.prove(actor=Actor.system("ledger.cron"), reason="every night")
    for drift in report.drifts:
        logger.error("ledger drift %s", drift)
    return len(report.drifts)
