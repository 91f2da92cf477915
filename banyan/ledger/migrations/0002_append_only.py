"""Journals add up, are written once, and never change: kept by the database itself."""

from django.db import migrations

from banyan.kernel.migrations._together import at_once

FUNCTIONS = """
CREATE FUNCTION ledger_check_postings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM fresh GROUP BY journal_id, currency HAVING sum(amount) <> 0) THEN
    RAISE EXCEPTION 'a journal does not add up to zero'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_unbalanced';
  END IF;
  IF EXISTS (
    SELECT 1 FROM fresh LEFT JOIN ledger_account account ON account.id = fresh.account_id
    WHERE account.currency IS DISTINCT FROM fresh.currency
  ) THEN
    RAISE EXCEPTION 'a posting is not in the currency of its account'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_currency';
  END IF;
  IF EXISTS (
    SELECT 1 FROM (SELECT journal_id, count(*) AS size FROM fresh GROUP BY journal_id) added
    WHERE added.size <> (
      SELECT count(*) FROM ledger_posting posting WHERE posting.journal_id = added.journal_id
    )
  ) THEN
    RAISE EXCEPTION 'postings were added to a journal that already had some'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_extended';
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: post a reversal instead', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation', CONSTRAINT = 'ledger_append_only';
END $$;
"""

TRIGGERS = """
CREATE TRIGGER ledger_postings_add_up AFTER INSERT ON ledger_posting
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_postings();
CREATE TRIGGER ledger_posting_append_only BEFORE UPDATE OR DELETE ON ledger_posting
  FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_journal_append_only BEFORE UPDATE OR DELETE ON ledger_journal
  FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
"""

# Installations that run the application under a role of its own take TRUNCATE from it, too.
REVOKE = """
DO $$ BEGIN
  IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'banyan_app') THEN
    REVOKE TRUNCATE, DELETE ON ledger_journal, ledger_posting FROM banyan_app;
  END IF;
END $$;
"""

UNDO = """
DROP TRIGGER ledger_journal_append_only ON ledger_journal;
DROP TRIGGER ledger_posting_append_only ON ledger_posting;
DROP TRIGGER ledger_postings_add_up ON ledger_posting;
DROP FUNCTION ledger_refuse_change();
DROP FUNCTION ledger_check_postings();
"""


class Migration(migrations.Migration):
    """Raw SQL only."""

    dependencies = [("ledger", "0001_initial")]

    operations = at_once(
        migrations.RunSQL(FUNCTIONS + TRIGGERS, reverse_sql=UNDO),
        migrations.RunSQL(REVOKE, reverse_sql=migrations.RunSQL.noop),
    )
