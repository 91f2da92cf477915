"""Who waits for something to be back stands with everybody else who waits: in notify."""

from django.db import migrations

from banyan.kernel.migrations._together import at_once

# Told wishes keep their link, and of an address no more than its mark.
MOVE = """
INSERT INTO notify_reminder (id, kind, subject_id, account_id, channel, destination, contact,
                             language, token, created_at, confirmed_at, told_at)
SELECT id, 'stock.back', variant_id, account_id,
       CASE WHEN account_id IS NULL THEN 'email' ELSE 'page' END,
       CASE WHEN account_id IS NULL AND told_at IS NULL THEN lower(email) ELSE '' END,
       CASE WHEN account_id IS NULL
            THEN encode(sha256(convert_to('email|' || lower(email), 'UTF8')), 'hex') ELSE '' END,
       language, token, created_at, created_at, told_at
FROM catalog_stockwish
"""
MOVE_BACK = """
INSERT INTO catalog_stockwish (id, variant_id, account_id, email, language, token, created_at,
                               told_at)
SELECT r.id, r.subject_id, r.account_id, r.destination, r.language, r.token, r.created_at,
       coalesce(r.told_at, r.stopped_at)
FROM notify_reminder r JOIN catalog_variant v ON v.id = r.subject_id
WHERE r.kind = 'stock.back' AND r.channel IN ('page', 'email')
"""

CREATE = """
CREATE TABLE catalog_stockwish (
  id bigint PRIMARY KEY DEFAULT banyan_id(),
  variant_id bigint NOT NULL REFERENCES catalog_variant (id) DEFERRABLE INITIALLY DEFERRED,
  account_id bigint REFERENCES people_account (id) DEFERRABLE INITIALLY DEFERRED,
  email varchar(254) NOT NULL,
  language varchar(8) NOT NULL,
  token varchar(40) NOT NULL UNIQUE,
  created_at timestamptz NOT NULL,
  told_at timestamptz
)
"""


class Migration(migrations.Migration):
    """The old table goes when its rows are elsewhere: addresses are kept in one place only."""

    dependencies = [
        ("catalog", "0015_attributes_and_collections"),
        ("notify", "0003_notices"),
    ]

    operations = at_once(
        migrations.RunSQL(MOVE, MOVE_BACK),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "-- squawk-ignore ban-drop-table\nDROP TABLE catalog_stockwish", CREATE
                )
            ],
            state_operations=[migrations.DeleteModel("StockWish")],
        ),
    )
