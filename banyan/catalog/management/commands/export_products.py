"""``export_products --shop SLUG``: write a shop's products as a CSV file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from banyan.catalog.models import Shop
from banyan.catalog.queries import exported_products
from banyan.catalog.rules.product_csv import csv_lines


class Command(BaseCommand):
    """Write all products of a shop in the exchange format."""

    help = "Export a shop's products as a CSV file in the exchange format."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--shop", required=True, help="the shop's address")
        parser.add_argument("--output", type=Path, help="the file; without it standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        shop = Shop.objects.filter(slug__iexact=options["shop"]).first()
        if shop is None:
            raise CommandError(f"There is no shop {options['shop']!r}.")
        pieces = csv_lines(exported_products(shop, settings.PUBLIC_URL), shop.currency)
        output: Path | None = options["output"]
        try:
            if output is None:
                for piece in pieces:
                    sys.stdout.buffer.write(piece.encode())
                sys.stdout.buffer.flush()
                return
            with output.open("w", encoding="utf-8", newline="") as file:
                file.writelines(pieces)
        except OSError as error:
            raise CommandError(f"{output}: {error}") from error
