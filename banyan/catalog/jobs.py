"""Background work of the catalogue; every job may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app

from banyan.kernel.actors import Actor

from . import actions


@app.periodic(cron="47 * * * *")
@app.task(queue="bulk", name="catalog.sweep_files", queueing_lock="catalog.sweep_files")
def sweep_files(timestamp: int) -> int:
    """Remove product files that nobody took in; returns how many."""
    return actions.sweep_product_files(actor=Actor.system("catalog.sweep_files"))
