"""``import_products FILE --shop SLUG``: take a product file into a shop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from banyan.catalog import actions
from banyan.catalog.models import Shop
from banyan.catalog.rules.product_csv import MOST_BYTES, Fault
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Problem

MOST_FAULTS = 100


class Command(BaseCommand):
    """Take a product file in, all or nothing."""

    help = "Import products from a CSV file in the exchange format; nothing is half-imported."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--shop", required=True, help="the shop's address")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
        parser.add_argument("--set-stock", action="store_true", help="stock of known variants too")
        parser.add_argument("--language", default="en", help="language of new products")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        path: Path = options["file"]
        who = Actor.system("import products")
        shop = Shop.objects.filter(slug__iexact=options["shop"]).first()
        if shop is None:
            raise CommandError(f"There is no shop {options['shop']!r}.")
        try:
            with path.open("rb") as file:
                data = file.read(MOST_BYTES + 1)
            kept = actions.keep_product_file(
                actor=who,
                shop_id=shop.pk,
                data=data,
                name=path.name,
                language=options["language"],
            )
            plan = actions.look_at(actor=who, kept=kept, set_stock=options["set_stock"])
            if plan.sheet.faults:
                kept.delete()
                raise CommandError(_told(plan.sheet.faults))
            if options["dry_run"]:
                kept.delete()
                self._say("would be imported", plan.total())
                return
            done = actions.take_in_products(
                actor=who, token=kept.token, set_stock=options["set_stock"]
            )
        except Problem as problem:
            raise CommandError(f"{path}: {problem.message}") from problem
        except OSError as error:
            raise CommandError(f"{path}: {error}") from error
        self._say("imported", done.result)
        if unused := done.result["unused"]:
            self.stdout.write(f"not used: {', '.join(unused)}")

    def _say(self, what: str, total: dict[str, Any]) -> None:
        self.stdout.write(
            f"{what}: {total['new']} new, {total['changed']} changed, {total['same']} unchanged"
            f" ({total['new_variants']} new variants, {total['stock_set']} stock figures set,"
            f" {total['pictures']} pictures to come)"
        )


def _told(faults: list[Fault]) -> str:
    lines = [
        f"  line {f.line}, {f.column or 'row'}: {f.shown!r}: {f.reason} {f.advice}"
        for f in faults[:MOST_FAULTS]
    ]
    if len(faults) > MOST_FAULTS:
        lines.append(f"  and {len(faults) - MOST_FAULTS} more")
    return "\n".join(["Nothing is imported. Please correct:", *lines])
