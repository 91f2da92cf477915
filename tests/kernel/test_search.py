"""Search words: Chinese by words, pairs and characters; scripts folded; the database agrees."""

from __future__ import annotations

import pytest
from django.db import connection

from banyan.kernel import search


def test_chinese_becomes_words_pairs_and_characters() -> None:
    found = search.tokens("手作陶瓷马克杯")
    assert {"手作", "陶瓷", "马克杯"} <= set(found), "words"
    assert {"作陶", "瓷马", "克杯"} <= set(found), "pairs"
    assert {"手", "杯"} <= set(found), "characters"
    assert len(found) == len(set(found))


def test_traditional_full_width_and_upper_case_are_folded() -> None:
    assert search.tokens("臺灣") == search.tokens("台湾")
    assert search.tokens("ＡＢＣ１２ Straße") == ["abc12", "strasse"]


def test_mixed_text_is_cut_where_the_script_changes() -> None:
    assert {"iphone15", "手机", "壳"} <= set(search.tokens("iPhone15手机壳"))


@pytest.mark.parametrize("text", ["", "  ", "!?&|'\"\\", "🎁🎉", "___"])
def test_nothing_to_search_is_nothing(text: str) -> None:
    assert search.tokens(text) == []
    assert search.document(text) == ""
    assert search.query(text) == ""


def test_a_query_asks_for_pairs_and_beginnings() -> None:
    assert search.query("马克杯 Mug") == "'马克' & '克杯' & 'mug':*"
    assert search.query("茶") == "'茶'"


def _matches(document: str, query: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_tsvector('simple', %s) @@ to_tsquery('simple', %s)",
            [search.document(document), search.query(query)],
        )
        row = cursor.fetchone()
    return bool(row[0])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("document", "query"),
    [
        ("手作陶瓷马克杯", "马克"),
        ("手作陶瓷马克杯", "瓷马"),
        ("手作陶瓷馬克杯", "陶瓷马克杯"),
        ("手作陶瓷马克杯", "陶瓷 马克杯"),
        ("武夷山红茶", "茶"),
        ("Blue ceramic mug, 350 ml", "350 cera"),
        ("iPhone15手机壳", "iphone 手机"),
        ("it's 3.5mm & 1e5 x-y foo_bar a/b http://x.y/z", "it's 3.5mm & 1e5 x-y foo_bar a/b"),
        ("Crème brûlée", "BRÛLÉE"),
        ("한국 도자기", "도자"),
        ("сервиз чайный", "Чай"),
    ],
)
def test_the_database_finds_it(document: str, query: str) -> None:
    assert _matches(document, query)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("document", "query"),
    [
        ("手作陶瓷马克杯", "玻璃杯"),
        ("blue mug", "red"),
        ("blue mug", "mug red"),
        ("马克杯", "杯马"),
    ],
)
def test_the_database_does_not_find_what_is_not_there(document: str, query: str) -> None:
    assert not _matches(document, query)


def test_chinese_words_are_heard_from_each_word_on() -> None:
    assert search.sounds("红色连衣裙 Blue") == [
        "音hongselianyiqun", "音hslyq", "音lianyiqun", "音lyq",
    ]  # fmt: skip
    assert search.sounds("茶 tea") == ["音cha"], "one syllable has no first letters"
    assert search.sounds("银行")[0] == "音yinhang", "read by the word and not by the character"
    assert search.sounds("行走")[0] == "音xingzou"
    assert search.sounds("Blue mug") == []


def test_what_is_typed_in_latin_letters_may_be_a_sound() -> None:
    assert search.by_sound("lyq").text == "('lyq':* | '音lyq':*)"
    joined = search.by_sound("lian yi").text
    assert joined.endswith("| '音lianyi':*")
    for nothing_to_hear in ("", "连衣裙", "42", "a", "!?"):
        assert not search.by_sound(nothing_to_hear), nothing_to_hear


def test_marks_narrow_and_do_not_rank() -> None:
    asked = search.plain("mug").within(["类7", "类8"], [], ["店1"])
    assert asked.condition == "('mug':*) & (('类7' | '类8') & ('店1'))"
    assert asked.text == "'mug':*"
    assert search.NO_WORDS.within(["类7"]).condition == "(('类7'))"
    assert "类7" not in search.tokens("类7 类 7"), "nobody can type one"
