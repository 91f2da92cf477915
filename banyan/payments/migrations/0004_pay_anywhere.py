"""Pay by link, in several browsers at once; no payer's id is kept in the open."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from banyan.kernel.migrations._together import at_once
from banyan.payments.payers import mark

BATCH = 500


def _unique(name: str, table: str, fields: str, where: str) -> migrations.RunSQL:
    """Return the operation that makes a unique index while the table stays in use."""
    return migrations.RunSQL(
        f'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "{name}" ON {table} ({fields})'
        f" WHERE {where}",
        f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"',
    )


def mark_payers(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Put a mark in the place of each openid that was kept with a message of WeChat Pay."""
    messages = apps.get_model("payments", "ProviderMessage").objects.filter(provider="wechat")
    last = 0
    while batch := list(messages.filter(pk__gt=last).order_by("pk")[:BATCH]):
        for message in batch:
            raw = message.payload.get("raw") or {}
            for place in (raw, raw.get("resource")):
                payer = place.get("payer") if isinstance(place, dict) else None
                if isinstance(payer, dict):
                    place["payer"] = mark(str(payer.get("openid", "")))
        messages.model.objects.bulk_update(batch, ["payload"])
        last = batch[-1].pk


class Migration(migrations.Migration):
    """Each lane of a payment has one open attempt; before there was one lane."""

    atomic = False  # the tables are in use

    dependencies = [
        ("payments", "0003_one_index_per_question"),
    ]

    operations = at_once(
        migrations.AddField(
            model_name="attempt",
            name="lane",
            field=models.CharField(blank=True, db_default="", default="", max_length=40),
        ),
        migrations.AddField(
            model_name="intent",
            name="link_code",
            field=models.CharField(blank=True, db_default="", default="", max_length=40),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                _unique(
                    "attempt_one_open_lane", "payments_attempt", "intent_id, lane", "outcome = ''"
                ),
                migrations.RunSQL(
                    'DROP INDEX CONCURRENTLY IF EXISTS "attempt_one_open"',
                    'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "attempt_one_open"'
                    " ON payments_attempt (intent_id) WHERE outcome = ''",
                ),
                _unique("intent_link_once", "payments_intent", "link_code", "link_code <> ''"),
            ],
            state_operations=[
                migrations.RemoveConstraint(model_name="attempt", name="attempt_one_open"),
                migrations.AddConstraint(
                    model_name="attempt",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("outcome", "")),
                        fields=("intent", "lane"),
                        name="attempt_one_open_lane",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="intent",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("link_code", ""), _negated=True),
                        fields=("link_code",),
                        name="intent_link_once",
                    ),
                ),
            ],
        ),
        migrations.RunPython(mark_payers, migrations.RunPython.noop),
    )
