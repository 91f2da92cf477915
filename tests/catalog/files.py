"""Product files for tests, written as people write them."""

from __future__ import annotations

from banyan.catalog import actions as catalog
from banyan.catalog.models import ProductImport, Shop
from banyan.catalog.queries import Plan, exported_products
from banyan.catalog.rules.product_csv import csv_lines
from tests.support import factories

CUPS = '''\
Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,\
Variant Grams,Variant Inventory Qty,Variant Price,Variant Compare At Price,Image Src,\
Image Position,Image Alt Text,Variant Barcode,Status
blue-cup,Blue cup,<p>Thrown by hand.</p><p>Dishwasher safe.</p>,Kiln,,"blue, cup",TRUE,Size,S,\
CUP-S,300,5,12.50,15.00,cup-1.jpg,1,A blue cup,123,active
blue-cup,,,,,,,,L,CUP-L,450,2,20.00,,,,,,
blue-cup,,,,,,,,,,,,,,cup-2.jpg,2,From above,,
plate,"Plate, ""large""",,Kiln,,,FALSE,Title,Default Title,,0,0,8.00,,,,,,draft
'''


def take_in(shop: Shop, text: str | bytes, *, set_stock: bool = False) -> ProductImport:
    """Take a file into ``shop`` as its owner."""
    kept = keep(shop, text)
    owner = factories.actor(shop.owner)
    return catalog.take_in_products(actor=owner, token=kept.token, set_stock=set_stock)


def keep(shop: Shop, text: str | bytes) -> ProductImport:
    """Keep a file for ``shop`` as its owner."""
    data = text.encode() if isinstance(text, str) else text
    owner = factories.actor(shop.owner)
    return catalog.keep_product_file(actor=owner, shop_id=shop.pk, data=data, name="goods.csv")


def plan(shop: Shop, text: str | bytes, *, set_stock: bool = False) -> Plan:
    """Look at a file for ``shop`` as its owner."""
    owner = factories.actor(shop.owner)
    return catalog.look_at(actor=owner, kept=keep(shop, text), set_stock=set_stock)


def exported(shop: Shop) -> str:
    """Return the shop's goods as a file."""
    return "".join(csv_lines(exported_products(shop, "https://banyan.example"), shop.currency))
