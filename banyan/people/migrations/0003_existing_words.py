"""Give the members that are there already their search words."""

from django.db import migrations

from banyan.kernel import search

PIECE = 500


def index_accounts(apps, schema_editor):
    Account = apps.get_model("people", "Account")
    words = apps.get_model("people", "AccountWords")
    after = 0
    while piece := list(Account._base_manager.filter(pk__gt=after).order_by("pk")[:PIECE]):
        after = piece[-1].pk
        texts = {one.pk: [("A", f"{one.handle} {one.display_name}")] for one in piece}
        search.write(words, "account_id", texts)


class Migration(migrations.Migration):
    dependencies = [("people", "0002_member_words")]
    operations = [migrations.RunPython(index_accounts, migrations.RunPython.noop)]
