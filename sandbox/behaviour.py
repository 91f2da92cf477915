"""Test settings: how webhooks misbehave, for one payment or for all."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sandbox.fields import Fields
from sandbox.refusals import not_found
from sandbox.shapes import Shape
from sandbox.store import Transaction

EVERYTHING = "all"
MAX_DELAY_MS = 3_600_000


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """What happens to the webhooks and refunds of one payment."""

    webhook_delay_ms: int = 0
    duplicate: int = 0
    drop: bool = False
    reorder: bool = False
    fail_refunds: bool = False


def behaviour_of(work: Transaction, scope: str = EVERYTHING) -> Behaviour:
    """Return the settings of a payment, else those of all, else the quiet default."""
    row = work.one(
        "SELECT * FROM behaviour WHERE scope IN (?, 'all') ORDER BY scope = 'all' LIMIT 1",
        (scope,),
    )
    if row is None:
        return Behaviour()
    return Behaviour(
        webhook_delay_ms=row["webhook_delay_ms"],
        duplicate=row["duplicate"],
        drop=bool(row["dropped"]),
        reorder=bool(row["reorder"]),
        fail_refunds=bool(row["fail_refunds"]),
    )


def set_behaviour(work: Transaction, fields: Fields) -> Shape:
    """Replace the settings of one scope; absent fields take their defaults.

    Raises:
        Refusal: 422 for a bad field, 404 for a payment that does not exist.
    """
    scope = fields.text("scope", longest=64, default=EVERYTHING)
    chosen = Behaviour(
        webhook_delay_ms=fields.integer("webhook_delay_ms", low=0, high=MAX_DELAY_MS, default=0),
        duplicate=fields.integer("duplicate", low=0, high=20, default=0),
        drop=fields.flag("drop"),
        reorder=fields.flag("reorder"),
        fail_refunds=fields.flag("fail_refunds"),
    )
    fields.done()
    if scope != EVERYTHING and work.one("SELECT 1 FROM payment WHERE id = ?", (scope,)) is None:
        raise not_found("payment", scope)
    work.change("DELETE FROM behaviour WHERE scope = ?", (scope,))
    work.insert(
        "behaviour",
        scope=scope,
        webhook_delay_ms=chosen.webhook_delay_ms,
        duplicate=chosen.duplicate,
        dropped=chosen.drop,
        reorder=chosen.reorder,
        fail_refunds=chosen.fail_refunds,
    )
    return {"scope": scope} | asdict(chosen)


def list_behaviours(work: Transaction) -> list[Shape]:
    """Return the settings of every scope that has some."""
    scopes = [row["scope"] for row in work.all("SELECT scope FROM behaviour ORDER BY scope")]
    return [{"scope": scope} | asdict(behaviour_of(work, scope)) for scope in scopes]
