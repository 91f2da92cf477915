"""Let members with Chinese names be found by their sound."""

from django.db import migrations

from banyan.kernel import search
from banyan.kernel.migrations._search import alone, index_standing
from banyan.kernel.migrations._together import at_once

PIECE = 500
CHINESE = "[\u3400-\u4dbf\u4e00-\u9fff]"


def index_accounts(apps, schema_editor):
    Account = apps.get_model("people", "Account")
    words = apps.get_model("people", "AccountWords")
    rows = Account.objects.filter(display_name__regex=CHINESE)
    after = 0
    while piece := list(rows.filter(pk__gt=after).order_by("pk")[:PIECE]):
        after = piece[-1].pk
        texts = {a.pk: [("A", f"{a.handle} {a.display_name}")] for a in piece}
        search.write(words, "account_id", texts)


class Migration(migrations.Migration):
    atomic = False  # piece by piece, and the index beside the table in use

    dependencies = [("people", "0005_member_boost"), ("kernel", "0003_search_words")]

    operations = at_once(
        alone("people_accountwords"),
        index_standing("account_words_standing", "people_accountwords", "account_id"),
        migrations.RunPython(index_accounts, migrations.RunPython.noop),
    )
