"""A database full of goods, posts, members and shops, made up from one seed, for ``bench.search``.

Words are invented (Latin) or put together from common characters (Chinese), and drawn as words of
a language are: the n-th most frequent 1/n as often as the first. Rows go in by COPY, and their
indexes are built behind them; search words are what ``kernel.search`` would write of the same
texts, less the pairs across two Chinese words.
"""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from banyan.catalog.rules import category_mark, shop_mark
from banyan.kernel.search import sounds, tokens

SEED = 20_260_101
LATIN, CHINESE = 4_000, 3_000
TITLE, BODY, DESCRIPTION = 3, 12, 25
YEARS_MS = 2 * 365 * 86_400_000
IMAGES, CATEGORIES = 2_000, 40
_CONSONANTS = "b c d f g h k l m n p r s t v z br ch st tr".split()  # noqa: SIM905 - readable
_VOWELS = "a e i o u ea".split()  # noqa: SIM905 - as above
_EPOCH = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


@dataclass(slots=True)
class Size:
    """How much there is."""

    products: int
    posts: int

    @property
    def accounts(self) -> int:
        """The members."""
        return max(200, self.posts // 20)

    @property
    def shops(self) -> int:
        """The shops."""
        return max(20, self.products // 50)


@dataclass(slots=True)
class Language:
    """Words by frequency, and what is written for each into an index."""

    words: list[str]
    glue: str
    lexemes: list[list[str]] = field(default_factory=list)
    heard: list[list[str]] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lexemes = [tokens(word) for word in self.words]
        self.heard = [sounds(word) for word in self.words]
        self.weights = list(itertools.accumulate(1 / n for n in range(1, len(self.words) + 1)))


def languages() -> tuple[Language, Language]:
    """Return the invented Latin and Chinese words, most frequent first."""
    chance = random.Random(SEED)
    latin: dict[str, None] = {}
    while len(latin) < LATIN:
        parts = chance.choice([2, 2, 3, 3, 4])
        word = "".join(chance.choice(_CONSONANTS) + chance.choice(_VOWELS) for _ in range(parts))
        latin[word + chance.choice(["", "n", "r", "s", "t"])] = None
    common = [
        bytes([high, low]).decode("gb2312")
        for high in range(0xB0, 0xC8)
        for low in range(0xA1, 0xFF)
    ]
    chinese: dict[str, None] = {}
    while len(chinese) < CHINESE:
        chinese["".join(chance.choices(common, k=chance.choice([2, 2, 2, 3])))] = None
    return Language(list(latin), " "), Language(list(chinese), "")


def _vector(parts: Iterable[tuple[str, Iterable[str]]]) -> str:
    """Return the text of a tsvector of (weight, lexemes), the better weight first."""
    found: dict[str, str] = {}
    for weight, lexemes in parts:
        for lexeme in lexemes:
            if lexeme not in found:
                found[lexeme] = f"'{lexeme}':{min(16_000, len(found) + 1)}{weight}"
    return " ".join(found.values())


def _copy(table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as out:
        for row in rows:
            out.write_row(row)


def _ids(count: int, *, now_ms: int) -> list[int]:
    """Return ids of moments of two years, evenly and oldest first."""
    first = now_ms - YEARS_MS
    return [(first + YEARS_MS * n // count << 22) | (n & 4095) for n in range(count)]


class Shelves:
    """Fills the database."""

    def __init__(self, size: Size, *, now_ms: int) -> None:
        self.size, self.now_ms = size, now_ms
        self.chance = random.Random(SEED)
        self.latin, self.chinese = languages()

    def fill(self) -> None:
        """Put everything in, then the indexes, then what the planner knows."""
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute("SET maintenance_work_mem = '1GB'")
            cursor.execute(
                "SELECT indexname, indexdef FROM pg_indexes WHERE tablename ~ %s"
                " AND indexdef ~ 'gin|boost'",
                ["words$"],
            )
            dropped = cursor.fetchall()
            for name, _made in dropped:
                cursor.execute(f'DROP INDEX "{name}"')
            self._people()
            self._goods()
            self._posts()
            for _name, made in dropped:
                cursor.execute(made)
            cursor.execute("SET session_replication_role = DEFAULT")
            cursor.execute("VACUUM (ANALYZE, FREEZE)")

    def _drawn(self, language: Language, count: int) -> list[int]:
        return self.chance.choices(
            range(len(language.words)), cum_weights=language.weights, k=count
        )

    def _people(self) -> None:
        ids = _ids(self.size.accounts, now_ms=self.now_ms)
        self.accounts = ids
        names = [self._drawn(self._language(n), 2) for n in range(len(ids))]
        _copy(
            "people_account",
            "id, password, is_superuser, handle, display_name, language, theme, is_active,"
            " is_staff, is_demo, created_at",
            (
                (pk, "!", False, f"member{n}", self._text(self._language(n), names[n])[:60], "en",
                 "", True, False, False, _moment(pk))
                for n, pk in enumerate(ids)
            ),
        )  # fmt: skip
        _copy(
            "people_accountwords",
            "account_id, words",
            (
                (
                    pk,
                    self._name(n, names[n]),
                )
                for n, pk in enumerate(ids)
            ),
        )
        _copy(
            "media_image",
            "id, sha256, original, width, height, palette, preview, alt, created_at, kept_at",
            ((n, f"{n}", "o", 720, 900, n % 60, "", "", _EPOCH, _EPOCH) for n in range(1, IMAGES)),
        )
        _copy(
            "media_rendition",
            "image_id, fmt, width, height, file, bytes",
            (
                (
                    n,
                    fmt,
                    width,
                    width * 5 // 4,
                    f"p/{n % 256:02x}/{n:038x}-{width}.{fmt[:4]}",
                    9_000,
                )
                for n in range(1, IMAGES)
                for fmt in ("avif", "webp", "jpeg")
                for width in (240, 480, 720)
            ),
        )

    def _name(self, number: int, drawn: Sequence[int]) -> str:
        parts = self._parts(self._language(number), [], drawn)
        return _vector([*parts, ("A", [f"member{number}"])])

    def _goods(self) -> None:
        chance = self.chance
        shops = _ids(self.size.shops, now_ms=self.now_ms)
        names = [self._drawn(self._language(n), 2) for n in range(len(shops))]
        _copy(
            "catalog_shop",
            "id, owner_id, slug, name, about, currency, country, timezone, state, is_demo,"
            " shipping_amount, created_at",
            (
                (pk, chance.choice(self.accounts), f"shop-{n}",
                 self._text(self._language(n), names[n]), "", "CNY", "CN", "Asia/Shanghai", "open",
                 False, 0, _moment(pk))
                for n, pk in enumerate(shops)
            ),
        )  # fmt: skip
        _copy(
            "catalog_shopwords",
            "shop_id, words",
            (
                (pk, _vector(self._parts(self._language(n), [], names[n])))
                for n, pk in enumerate(shops)
            ),
        )
        _copy(
            "catalog_category",
            "id, slug, names, position",
            ((n, f"kind-{n}", f'{{"en": "Kind {n}"}}', n) for n in range(1, CATEGORIES + 1)),
        )
        ids = _ids(self.size.products, now_ms=self.now_ms)
        heads = [self._drawn(self._language(n), TITLE) for n in range(len(ids))]
        bodies = [self._drawn(self._language(n), DESCRIPTION) for n in range(len(ids))]
        owners = [chance.choice(shops) for _ in ids]
        kinds = [1 + int(CATEGORIES * chance.random() ** 2) for _ in ids]
        _copy(
            "catalog_product",
            "id, shop_id, slug, state, language, title, description, texts, category_id, vendor,"
            " tags, options, created_at, updated_at, published_at",
            (
                (pk, owners[n], f"p-{n}", "active", "en",
                 self._text(self._language(n), heads[n]), self._text(self._language(n), bodies[n]),
                 "{}", kinds[n], "", "[]", '["Color"]',
                 _moment(pk), _moment(pk), _moment(pk))
                for n, pk in enumerate(ids)
            ),
        )  # fmt: skip
        _copy(
            "catalog_productwords",
            "product_id, words, boost",
            (
                (pk, self._product(n, bodies[n], heads[n], owners[n], kinds[n]),
                 30 * min(10, int(chance.expovariate(1.2))))
                for n, pk in enumerate(ids)
            ),
        )  # fmt: skip
        _copy(
            "catalog_productimage", "product_id, image_id, position",
            ((pk, 1 + n % (IMAGES - 1), 0) for n, pk in enumerate(ids)),
        )  # fmt: skip
        colours = ["Red", "Blue", "Green", "White"]
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval('banyan_id_seq', 1)")
        _copy(
            "catalog_variant",
            "id, product_id, sku, values, price_amount, currency, weight_grams, position,"
            " is_active",
            (
                (2 * n + k + 1, pk, "", f'["{colours[(n + k) % 4]}"]',
                 100 * chance.randint(5, 900), "CNY", 0, k, True)
                for n, pk in enumerate(ids)
                for k in range(1 + n % 2)
            ),
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO catalog_stock (variant_id, on_hand, allocated, reserved)"
                " SELECT id, CASE WHEN id % 7 = 0 THEN 0 ELSE 20 END, 0, 0 FROM catalog_variant"
            )

    def _product(
        self, number: int, body: Sequence[int], title: Sequence[int], shop: int, kind: int
    ) -> str:
        parts = self._parts(self._language(number), body, title)
        return _vector([*parts, ("D", [shop_mark(shop), category_mark(kind)])])

    def _posts(self) -> None:
        ids = _ids(self.size.posts, now_ms=self.now_ms)
        chance = self.chance
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE community_post DISABLE TRIGGER USER")
        step = 50_000
        for start in range(0, len(ids), step):
            piece = ids[start : start + step]
            heads = [self._drawn(self._language(n), TITLE) for n in range(len(piece))]
            bodies = [self._drawn(self._language(n), BODY) for n in range(len(piece))]
            _copy(
                "community_post",
                "id, author_id, title, body, language, visibility, state, created_at",
                (
                    (pk, chance.choice(self.accounts), self._text(self._language(n), heads[n]),
                     self._text(self._language(n), bodies[n]), "", 1 if n % 20 == 0 else 0, 1,
                     _moment(pk))
                    for n, pk in enumerate(piece)
                ),
            )  # fmt: skip
            _copy(
                "community_postwords",
                "post_id, words, boost",
                (
                    (pk, _vector(self._parts(self._language(n), bodies[n], heads[n])),
                     6 * min(15, int(chance.expovariate(0.9))))
                    for n, pk in enumerate(piece)
                ),
            )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE community_post ENABLE TRIGGER USER")
            cursor.execute(
                "INSERT INTO community_postimage (id, post_id, image_id, position)"
                " SELECT id, id, 1 + id / 4194304 %% %s, 0 FROM community_post",
                [IMAGES - 1],
            )
            cursor.execute(
                "INSERT INTO community_poststat (post_id, likes, comments, saves, repins)"
                " SELECT post_id, (1 << (boost / 6)) - 1, 0, 0, 0 FROM community_postwords"
            )

    def _language(self, number: int) -> Language:
        return self.chinese if number % 2 else self.latin

    def _text(self, language: Language, drawn: Iterable[int]) -> str:
        return language.glue.join(language.words[place] for place in drawn)

    def _parts(
        self, language: Language, body: Iterable[int], title: Sequence[int]
    ) -> list[tuple[str, list[str]]]:
        return [
            *(("A", language.lexemes[place]) for place in title),
            *(("C", language.lexemes[place]) for place in body),
            *(("D", language.heard[place]) for place in title),
        ]


def _moment(pk: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(milliseconds=pk >> 22)


def frequent(language: Language, chance: random.Random) -> str:
    """Return one of the fifty most frequent words."""
    return language.words[chance.randrange(50)]


def rare(language: Language, chance: random.Random) -> str:
    """Return one of the rarer half."""
    return language.words[chance.randrange(len(language.words) // 2, len(language.words))]


def any_word(language: Language, chance: random.Random) -> str:
    """Return a word as people say them: frequent ones often."""
    return chance.choices(language.words, cum_weights=language.weights)[0]


def asked_of(shelves: Shelves) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield (what kind of question, fields of its address) for ever, in one seeded order."""
    chance = random.Random(SEED + 1)
    latin, chinese = shelves.latin, shelves.chinese
    while True:
        word = any_word(latin, chance)
        yield "any word", {"q": word}
        yield "frequent word", {"q": frequent(latin, chance)}
        yield "frequent word, Chinese", {"q": frequent(chinese, chance)}
        yield "rare word", {"q": rare(latin, chance)}
        yield "two words", {"q": f"{any_word(latin, chance)} {frequent(latin, chance)}"}
        yield "two frequent words", {"q": f"{frequent(latin, chance)} {frequent(latin, chance)}"}
        yield "Chinese word", {"q": any_word(chinese, chance)}
        yield (
            "two Chinese words",
            {"q": f"{any_word(chinese, chance)} {any_word(chinese, chance)}"},
        )
        yield "one character", {"q": any_word(chinese, chance)[0]}
        yield "beginning", {"q": any_word(latin, chance)[:3]}
        heard = chinese.heard[chance.randrange(300)]
        yield "pinyin", {"q": heard[0][1:]}
        yield "first letters", {"q": heard[-1][1:]}
        yield "slip", {"q": _slip(rare(latin, chance), chance)}
        yield "nothing there", {"q": "".join(chance.choices("qwxyj", k=9))}
        yield "goods, narrowed", {
            "q": frequent(latin, chance), "category": f"kind-{chance.randint(1, 40)}",
            "is": "stock", "currency": "CNY", "from": "50", "to": "600",
        }  # fmt: skip
        yield "goods, by colour", {"q": frequent(chinese, chance), "is": "with:Color=Red"}
        yield "posts alone", {"q": frequent(latin, chance), "kind": "posts"}


def _slip(word: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(word) - 1)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
