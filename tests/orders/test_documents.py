"""Receipts, invoices, credit notes and 发票: numbered without a gap, written once, read by few."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import zlib

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import override_settings
from django.utils import translation

from banyan.catalog import actions as catalog
from banyan.catalog.models import Shop
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Invalid, NotFound
from banyan.media import fonts
from banyan.orders import access, drawing
from banyan.orders import actions as orders
from banyan.orders.actions.documents import content_hash
from banyan.orders.models import Document, DocumentFile, Fapiao, LegalEntity, Order
from banyan.orders.righttoleft import as_set, joined
from banyan.orders.rules.tax_ids import LETTERS, clean_credit_code
from tests.delivery import goods
from tests.support import factories as make

pytestmark = pytest.mark.django_db

# The example in the standard's own explanation, and one made by its rule.
CODE = "91350100M000100Y43"


def entity(order: Order, tax_id: str = CODE) -> LegalEntity:
    return orders.set_legal_entity(
        actor=make.actor(order.shop.owner),
        shop_id=order.shop_id,
        name="Hangzhou Kiln Ltd 杭州窑",
        address="Lakeside Road 1, Hangzhou",
        tax_id=tax_id,
    )


def paid(price: int = 1_000) -> Order:
    shop = make.shop(shipping_amount=300)
    order = make.pay(make.place((make.variant(shop, price=price), 2))).orders.get()
    return order


def issue(order: Order, kind: str = "invoice") -> Document:
    return orders.issue_document(actor=make.actor(order.shop.owner), order_id=order.pk, kind=kind)


def drawn(pdf: bytes) -> str:
    """Return every character that a PDF maps its glyphs to."""
    maps = b""
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            maps += zlib.decompress(stream)
        except zlib.error:
            maps += stream
    found = re.findall(rb"^<[0-9A-F]{4}> <([0-9A-F]{4})>\r?$", maps, re.MULTILINE)
    return "".join(chr(int(each, 16)) for each in found)


def test_an_invoice_says_who_sold_what_to_whom_and_for_how_much() -> None:
    order = paid()
    entity(order)

    made = issue(order)

    assert (made.number, made.sequence) == (f"I-{made.year}-000001", 1)
    assert made.content["seller"]["tax_id"] == CODE
    assert made.content["sums"] == {
        "goods": 2_000,
        "discount": 0,
        "shipping": 300,
        "tax": 0,
        "included_tax": 0,
        "total": 2_300,
        "refunded": 0,
    }
    assert [line["total"] for line in made.content["lines"]] == [2_300]
    assert made.content["lines"][0]["seller"] == "Hangzhou Kiln Ltd 杭州窑"
    assert made.content_hash == content_hash(made.content)


def test_one_order_has_one_invoice_and_kinds_count_apart() -> None:
    first, second = paid(), paid()
    for order in (first, second):
        entity(order)
    assert issue(first) == issue(first)
    assert issue(first, "receipt").sequence == 1
    assert issue(second).sequence == 1, "another entity"


def test_numbers_of_an_entity_go_on_and_start_anew_with_the_year_and_the_tax_id() -> None:
    order = paid()
    entity(order)
    shop = order.shop
    others = [make.pay(make.place((make.variant(shop), 1))).orders.get() for _ in range(3)]
    assert [issue(one).sequence for one in (order, others[0])] == [1, 2]
    with clock.at(clock.now() + dt.timedelta(days=366)):
        assert issue(others[1]).sequence == 1
    entity(order, tax_id="91110000600007173M" if clean_credit_code("91110000600007173M") else "")
    assert issue(others[2]).sequence == 1
    assert LegalEntity.objects.filter(shop=shop, is_current=True).count() == 1


def test_two_shops_of_one_owner_under_one_tax_id_are_one_entity() -> None:
    first = paid()
    second = make.shop(first.shop.owner)
    stranger = paid()
    entity(first)
    later = make.pay(make.place((make.variant(second), 1))).orders.get()
    entity(later)
    entity(stranger)

    assert [issue(first).number[-6:], issue(later).number[-6:]] == ["000001", "000002"]
    more = make.pay(make.place((make.variant(first.shop), 1))).orders.get()
    assert issue(more).sequence == 3
    assert issue(stranger).sequence == 1, "whoever types a number counts for themselves"
    third = make.shop(first.shop.owner)
    last = make.pay(make.place((make.variant(third), 1))).orders.get()
    entity(last, tax_id="")
    assert issue(last).sequence == 1, "without a number nobody knows who it is"


def test_a_shop_that_goes_to_another_owner_counts_on_where_it_counted() -> None:
    first = paid()
    second = make.shop(first.shop.owner)
    entity(first)
    later = make.pay(make.place((make.variant(second), 1))).orders.get()
    entity(later)
    issue(later)
    boss, heir = make.actor(first.shop.owner), make.member()
    catalog.hire(actor=boss, shop_id=second.pk, account_id=heir.pk, role="manager")
    catalog.change_role(actor=boss, shop_id=second.pk, account_id=heir.pk, role="owner")
    catalog.remove_staff(actor=boss, shop_id=second.pk, account_id=first.shop.owner_id)

    assert issue(first).sequence == 2
    more = make.pay(make.place((make.variant(Shop.objects.get(pk=second.pk)), 1))).orders.get()
    assert issue(more).sequence == 3


def test_a_refund_of_an_invoiced_order_has_its_credit_note_before_and_after() -> None:
    order = paid()
    entity(order)
    owner = make.actor(order.shop.owner)
    early = orders.grant_refund(
        actor=owner, order_id=order.pk, amount=230, reason="a scratch", key="r1"
    )
    assert orders.credit_refund(refund_id=early.pk) is None
    invoice = issue(order)
    late = orders.grant_refund(actor=owner, order_id=order.pk, amount=70, reason="late", key="r2")

    for _ in range(2):
        orders.credit_refund(refund_id=late.pk)

    notes = Document.objects.filter(kind="credit_note").order_by("sequence")
    assert [(n.refund_id, n.corrects_id, n.content["sums"]["total"]) for n in notes] == [
        (early.pk, invoice.pk, -230),
        (late.pk, invoice.pk, -70),
    ]
    assert [n.sequence for n in notes] == [1, 2]


def test_without_a_legal_name_there_is_no_document() -> None:
    order = paid()
    with pytest.raises(Conflict) as refused:
        issue(order)
    assert refused.value.code == "no_legal_entity"
    assert not Document.objects.exists()


def test_an_unpaid_order_has_none() -> None:
    order = make.place((make.variant(), 1)).orders.get()
    with pytest.raises(Conflict) as refused:
        issue(order, "receipt")
    assert refused.value.code == "not_paid"


def test_documents_are_written_once() -> None:
    order = paid()
    entity(order)
    made = issue(order)
    orders.pdf_of(made)
    for table in ("orders_document", "orders_documentfile"):
        for act in (f"DELETE FROM {table}", f"UPDATE {table} SET {_column(table)} = NULL"):
            with (
                pytest.raises(IntegrityError),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(act)


def _column(table: str) -> str:
    return "number" if table == "orders_document" else "sha256"


def test_later_changes_of_shop_and_goods_leave_a_document_as_it_is() -> None:
    order = paid()
    entity(order)
    made = issue(order)
    before = bytes(orders.pdf_of(made).pdf)
    orders.set_legal_entity(
        actor=make.actor(order.shop.owner),
        shop_id=order.shop_id,
        name="Another name",
        address="Somewhere else",
        tax_id=CODE,
    )

    again = Document.objects.get(pk=made.pk)

    assert again.content["seller"]["name"] == "Hangzhou Kiln Ltd 杭州窑"
    file = orders.pdf_of(again)
    assert bytes(file.pdf) == before
    assert hashlib.sha256(before).hexdigest() == file.sha256
    assert DocumentFile.objects.count() == 1


def test_the_bytes_are_the_same_each_time_and_hold_the_words() -> None:
    order = paid()
    entity(order)
    with translation.override("en"):
        made = issue(order)

    first, second = (drawing.draw(made.content, "zh-hans") for _ in range(2))

    assert first == second
    assert first.startswith(b"%PDF-")
    if fonts.has_chinese():
        assert {"杭", "州", "窑"} <= set(drawn(first))


@pytest.mark.parametrize(("language", "country"), [("en", "China"), ("zh-hans", "中国")])
def test_a_paper_names_the_country_in_its_own_language(language: str, country: str) -> None:
    order = paid()
    entity(order)
    order.checkout.language = language
    order.checkout.save(update_fields=["language"])
    with translation.override("zh-hant"):  # of whoever issues it
        buyer = issue(order).content["buyer"]
    place = "Zhejiang Hangzhou Xihu Lakeside Road 1"
    assert buyer == [make.ADDRESS["recipient"], place, country, order.checkout.contact_email]


def test_a_paper_for_what_is_not_sent_names_the_member_who_bought_it() -> None:
    haircut = goods.voucher()
    ana = make.member("ana", email="ana@example.com")
    placed = orders.place(
        actor=make.actor(ana),
        lines=[orders.WantedLine(haircut.pk, 1)],
        contact=orders.Contact(),
        address={},
        placement_key="haircut",
        provider="sandbox",
    )
    order = make.pay(placed).orders.get()
    entity(order)

    assert issue(order).content["buyer"] == ["Ana", "ana@example.com"]


def test_what_people_typed_is_text_on_paper_and_no_markup() -> None:
    order = paid()
    entity(order)
    made = issue(order)
    nasty = "<b>**bold**</b> [a](https://evil.example) \x00\x1b" + "x" * 900
    content = made.content | {"buyer": [nasty], "note": nasty}

    pdf = drawing.draw(content, "en")

    assert b"/URI" not in pdf
    assert b"evil.example" not in pdf


def test_names_keep_the_letters_that_a_font_for_chinese_lacks() -> None:
    if not (fonts.has_chinese() and fonts.spare().path):
        pytest.skip("no font with Chinese characters on this machine, or none for Polish")
    order = paid()
    entity(order)
    name = "Łukasz Řezáč, Şükrü Iğdır, Їжак, Γιώργος, 林"
    made = issue(order)

    pdf = drawing.draw(made.content | {"buyer": [name], "currency": "INR"}, "en")

    assert set(name) | {"₹"} <= set(drawn(pdf)) | {" "}


def test_any_font_of_the_machine_is_asked_for_a_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = fonts.spare()
    if not (fonts.has_chinese() and usual.path):
        pytest.skip("no font with Chinese characters on this machine, or none for Polish")
    monkeypatch.setattr(fonts, "spare", fonts.FontFile)
    asked: list[str] = []

    def having(letter: str) -> list[fonts.FontFile]:
        asked.append(letter)
        return [fonts.FontFile("/nowhere.ttf"), usual]

    monkeypatch.setattr(fonts, "_having", having)
    fonts.other.cache_clear()
    try:
        order = paid()
        entity(order)
        content = issue(order).content | {"buyer": ["Łukasz \U0001f375"]}
        assert {*"Łukasz"} <= set(drawn(drawing.draw(content, "en")))
        assert asked == ["Ł"], "nobody looks for pictures"
    finally:
        fonts.other.cache_clear()


def test_names_from_right_to_left_stand_joined_and_in_their_order() -> None:
    ana, sarah = "محمد", "שרה (12)"
    if not all(fonts.draws(fonts.spare(), letter) for letter in joined(ana + "שרה")):
        pytest.skip("no font with Arabic and Hebrew letters on this machine")
    order = paid()
    entity(order)
    made = issue(order)

    pdf = drawing.draw(made.content | {"buyer": [ana, sarah, f"{ana} " * 60]}, "en")

    assert {*joined(ana), *sarah} <= set(drawn(pdf))
    assert joined(ana) == "\ufee3\ufea4\ufee4\ufeaa"
    assert as_set(joined(ana)) == joined(ana)[::-1]
    assert as_set(sarah) == "(12) הרש"
    assert joined("سلام") == "\ufeb3\ufefc\ufee1"
    assert as_set("Cup 3") == joined("Cup 3") == "Cup 3"


def test_a_name_that_nothing_here_can_draw_is_refused_and_not_left_out() -> None:
    order = paid()
    entity(order)
    address = order.checkout.address | {"recipient": "Ana \U00013000"}
    type(order.checkout).objects.filter(pk=order.checkout_id).update(address=address)

    with pytest.raises(Conflict) as refused:
        issue(order)

    assert refused.value.code == "document_font_missing"
    assert not Document.objects.exists(), "no number is used up"


def test_a_picture_in_a_title_and_what_a_refund_was_for_hold_no_paper_up() -> None:
    order = paid()
    entity(order)
    order.lines.update(title="\U0001f375 Longjing")
    issue(order)
    refund = orders.grant_refund(
        actor=make.actor(order.shop.owner), order_id=order.pk, amount=70, reason="ไม่ดี", key="r"
    )

    note = orders.credit_refund(refund_id=refund.pk)

    assert note is not None
    assert orders.pdf_of(note).pdf


@override_settings(CJK_FONT="")
def test_without_a_font_for_chinese_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    none = fonts.FontFile()
    monkeypatch.setattr(drawing, "typeface", lambda language: fonts.Typeface(none, none))
    order = paid()
    entity(order)

    with pytest.raises(Conflict) as refused:
        issue(order)

    assert refused.value.code == "document_font_missing"
    assert not Document.objects.exists(), "no number is used up"


def test_only_buyer_shop_and_support_read_a_document() -> None:
    order = paid()
    entity(order)
    made = issue(order)
    token = order.checkout.access_token

    assert access.get_document_for(Actor.guest(), made.pk, token) == made
    assert access.get_document_for(make.actor(make.staff("support")), made.pk) == made
    for actor in (Actor.guest(), make.actor(make.shop().owner), make.actor(make.member())):
        with pytest.raises(NotFound):
            access.get_document_for(actor, made.pk, "wrong")
        with pytest.raises(NotFound):
            orders.issue_document(actor=actor, order_id=order.pk, kind="receipt")


def test_only_the_owner_says_who_sells_and_a_wrong_number_is_refused() -> None:
    order = paid()
    with pytest.raises(Invalid) as refused:
        entity(order, tax_id="91350100M000100Y44")
    assert "tax_id" in refused.value.fields
    with pytest.raises(NotFound):
        orders.set_legal_entity(
            actor=make.actor(make.member()), shop_id=order.shop_id, name="Aa", address="Bbbbb"
        )
    assert not LegalEntity.objects.exists()


def test_a_credit_code_is_known_by_its_last_character() -> None:
    assert clean_credit_code(" 91350100m000100y43 ") == CODE
    others = [CODE[:17] + letter for letter in LETTERS if letter != CODE[17]]
    assert not any(clean_credit_code(each) for each in others)
    assert clean_credit_code("") is None
    assert clean_credit_code("91350100I000100Y43") is None


# -- 发票 -----------------------------------------------------------------------------------------


def ask(order: Order, **more: str) -> Fapiao:
    words = {"title_kind": "company", "title": "杭州窑", "email": "a@example.com", "tax_id": CODE}
    return orders.ask_fapiao(
        actor=Actor.guest(),
        order_id=order.pk,
        access_token=order.checkout.access_token,
        **(words | more),
    )


def test_a_fapiao_is_asked_for_and_issued_with_its_number_and_file() -> None:
    order = paid()
    ask(order)

    done = orders.issue_fapiao(
        actor=make.actor(order.shop.owner),
        order_id=order.pk,
        number="24332000000012345678",
        file=b"%PDF-1.7 x",
    )

    assert (done.state, done.amount, done.file_kind) == ("issued", 2_300, "pdf")
    with pytest.raises(Conflict) as late:
        ask(order)
    assert late.value.code == "fapiao_issued"


def test_a_second_number_or_file_for_an_issued_fapiao_is_refused() -> None:
    order = paid()
    ask(order)

    def issue_it(number: str, file: bytes | None) -> Fapiao:
        boss = make.actor(order.shop.owner)
        return orders.issue_fapiao(actor=boss, order_id=order.pk, number=number, file=file)

    done = issue_it("24332000000012345678", b"%PDF-1.7 x")
    assert issue_it("24332000000012345678", b"%PDF-1.7 x") == done
    assert issue_it("24332000000012345678", None) == done
    for number, file in (("24332000000099999999", None), (done.number, b"%PDF-1.7 y")):
        with pytest.raises(Conflict) as refused:
            issue_it(number, file)
        assert refused.value.code == "fapiao_issued"
    assert Fapiao.objects.get().number == "24332000000012345678"


@pytest.mark.parametrize(
    ("field", "value"),
    [("tax_id", "91350100M000100Y44"), ("email", "no"), ("title", ""), ("title_kind", "x")],
)
def test_a_fapiao_with_wrong_words_is_refused(field: str, value: str) -> None:
    order = paid()
    with pytest.raises(Invalid) as refused:
        ask(order, **{field: value})
    assert field in refused.value.fields
    assert not Fapiao.objects.exists()


def test_a_refused_fapiao_can_be_asked_for_again() -> None:
    order = paid()
    ask(order)
    boss = make.actor(order.shop.owner)
    for _twice in range(2):
        orders.refuse_fapiao(actor=boss, order_id=order.pk, reason="the title is wrong")
    with pytest.raises(Conflict):
        orders.refuse_fapiao(actor=boss, order_id=order.pk, reason="no such company")
    with pytest.raises(Conflict):
        orders.issue_fapiao(actor=boss, order_id=order.pk, number="12345678")

    assert ask(order, title="杭州窑厂").state == "asked"
    assert Fapiao.objects.get().title == "杭州窑厂"


@pytest.mark.parametrize("file", [b"<html>", b"MZ\x90", b"%PDF-" + b"x" * 2_000_000])
def test_only_a_small_pdf_or_ofd_is_taken(file: bytes) -> None:
    order = paid()
    ask(order)
    with pytest.raises(Invalid) as refused:
        orders.issue_fapiao(
            actor=make.actor(order.shop.owner), order_id=order.pk, number="12345678", file=file
        )
    assert "file" in refused.value.fields
    assert Fapiao.objects.get().state == "asked"
