"""``import_products`` and ``export_products``, as an operator types them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from banyan.catalog.models import Product, ProductImport
from tests.support import factories

from .files import CUPS

pytestmark = pytest.mark.django_db


def _run(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_a_file_goes_in_and_comes_out_the_same_way(tmp_path: Path) -> None:
    shop = factories.shop()
    file, back = tmp_path / "goods.csv", tmp_path / "back.csv"
    file.write_text(CUPS)
    assert "would be imported: 2 new" in _run(
        "import_products", str(file), "--shop", shop.slug, "--dry-run"
    )
    assert not Product.objects.exists()
    assert not ProductImport.objects.exists()

    told = _run("import_products", str(file), "--shop", shop.slug)
    assert "imported: 2 new, 0 changed, 0 unchanged" in told
    assert "not used: Variant Barcode" in told

    _run("export_products", "--shop", shop.slug, "--output", str(back))
    assert back.read_bytes().startswith(b"\xef\xbb\xbfHandle,Title,")
    assert "0 new, 0 changed, 2 unchanged" in _run(
        "import_products", str(back), "--shop", shop.slug
    )


def test_faults_are_told_by_line_and_nothing_is_kept(tmp_path: Path) -> None:
    shop = factories.shop()
    file = tmp_path / "goods.csv"
    file.write_text(CUPS.replace("20.00", "free"))
    with pytest.raises(CommandError, match="line 3, Variant Price: 'free'"):
        _run("import_products", str(file), "--shop", shop.slug)
    file.write_bytes(CUPS.encode("utf-16"))
    with pytest.raises(CommandError, match="UTF-16"):
        _run("import_products", str(file), "--shop", shop.slug)
    with pytest.raises(CommandError, match="There is no shop"):
        _run("import_products", str(file), "--shop", "nowhere")
    assert not Product.objects.exists()
    assert not ProductImport.objects.exists()
