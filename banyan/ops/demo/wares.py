"""Goods of the demo beside the shops' first ones: all of it invented, each drawn once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Look(NamedTuple):
    """What is drawn: a kind of thing, the seed of its chances, a family of colours."""

    kind: str
    seed: int
    family: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ware:
    """Something a shop sells; names and words in English, 简体 and 繁體, in this order."""

    shop: str
    look: Look
    names: tuple[str, str, str]
    about: tuple[str, str, str]
    category: str
    kind: str = "goods"
    options: tuple[str, ...] = ()
    min_age: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """Something a member sells second-hand; ``place`` in degrees, the price in minor units."""

    seller: str
    look: Look
    title: str
    words: str
    price: int
    condition: str
    category: str
    handover: str = "post"
    place: tuple[float, float] | None = None
    language: str = "en"


NOTHING_SENT = ("Nothing is ever shipped.", "不会真的发货。", "不會真的出貨。")

TUMBLER = Ware(
    shop="kiln",
    look=Look("cup", 901, "clay"),
    names=("Glazed tumbler", "釉面杯", "釉面杯"),
    about=(
        "A demo product in four glazes. " + NOTHING_SENT[0],
        "演示商品，四种釉色。" + NOTHING_SENT[1],
        "示範商品，四種釉色。" + NOTHING_SENT[2],
    ),
    category="tableware",
    options=("Glaze",),
)
GLAZES = ("White", "Blue", "Moss", "Ash")

LESSON = Ware(
    shop="kiln",
    look=Look("vase", 902, "clay"),
    names=("A throwing lesson", "拉坯体验课", "拉坯體驗課"),
    about=(
        "Two hours at the wheel. A demo voucher: show its code at the workshop.",
        "两小时拉坯体验。演示用券，到店出示券码。",
        "兩小時拉坯體驗。示範用券，到店出示券碼。",
    ),
    category="tableware",
    kind="voucher",
)
LESSON_PLACES = "The workshop, Demo Road 1"

RECIPES = Ware(
    shop="kiln",
    look=Look("book", 903, "clay"),
    names=("Twelve glaze recipes", "十二种釉料配方", "十二種釉料配方"),
    about=(
        "A demo file to download. All recipes are invented.",
        "可下载的演示文件，配方均为虚构。",
        "可下載的示範檔案，配方均為虛構。",
    ),
    category="books-and-desk",
    kind="digital",
)
RECIPES_FILE = ("glazes.txt", b"Twelve glazes.\n\n1. Ash, clay, patience. (A demo: do not fire.)\n")

PLANNER = Ware(
    shop="kiln",
    look=Look("clock", 904, "clay"),
    names=("Kiln planner, licence", "窑炉日程软件授权", "窯爐日程軟體授權"),
    about=(
        "A licence key for a program that does not exist.",
        "一款虚构软件的授权密钥。",
        "一款虛構軟體的授權金鑰。",
    ),
    category="books-and-desk",
    kind="digital",
)
PLANNER_KEYS = tuple(f"DEMO-PLAN-{number:04d}" for number in range(1, 9))

WINE = Ware(
    shop="crumb",
    look=Look("bottle", 905, "straw"),
    names=("Quince wine", "榅桲酒", "榲桲酒"),
    about=(
        "For adults only. A demo product. " + NOTHING_SENT[0],
        "仅限成年人。演示商品，" + NOTHING_SENT[1],
        "僅限成年人。示範商品，" + NOTHING_SENT[2],
    ),
    category="wine",
    min_age=18,
)
# In the order of the story, as are the other lists; the wine comes last.
WARES = (LESSON, RECIPES, PLANNER, TUMBLER)

# What stays for sale, then what was bought, in the order of its story: on its way, received just
# now, let through, in dispute, decided.
USED = (
    Used(
        seller="ana",
        look=Look("brushes", 910, "lilac"),
        title="Brushes, hardly used",
        words="I went back to clay. A demo thing.",
        price=5_200,
        condition="like_new",
        category="books-and-desk",
        handover="both",
        place=(30.26, 120.16),
    ),
    Used(
        seller="fen",
        look=Look("bicycle", 911, "sky"),
        title="小轮车，很少骑",
        words="只在湖边骑过几次。演示物品。",
        price=42_000,
        condition="like_new",
        category="on-the-way",
        handover="both",
        place=(30.25, 120.14),
        language="zh-hans",
    ),
    Used(
        seller="tam",
        look=Look("guitar", 912, "clay"),
        title="Guitar with a past",
        words="Two strings are new. A demo thing.",
        price=26_000,
        condition="good",
        category="sound-and-pictures",
        handover="meet",
        place=(30.27, 120.18),
    ),
    Used(
        seller="wren",
        look=Look("lamp", 913, "straw"),
        title="Reading lamp",
        words="Warm light, short cable. A demo thing.",
        price=6_500,
        condition="good",
        category="books-and-desk",
        place=(31.23, 121.47),
    ),
    Used(
        seller="tam",
        look=Look("basket", 914, "sage"),
        title="Market basket",
        words="Carried home many leeks. A demo thing.",
        price=4_800,
        condition="fair",
        category="plants",
        place=(30.27, 120.18),
    ),
    Used(
        seller="wren",
        look=Look("camera", 915, "lilac"),
        title="Old camera, works",
        words="The meter is off by one stop. A demo thing.",
        price=38_000,
        condition="fair",
        category="sound-and-pictures",
        place=(31.23, 121.47),
    ),
    Used(
        seller="fen",
        look=Look("teapot", 916, "rose"),
        title="粉色茶壶",
        words="壶嘴有一个小缺口，已拍照。演示物品。",
        price=9_000,
        condition="fair",
        category="tableware",
        place=(30.25, 120.14),
        language="zh-hans",
    ),
    Used(
        seller="wren",
        look=Look("watch", 917, "sky"),
        title="Wrist watch",
        words="Keeps time within a minute a week. A demo thing.",
        price=15_000,
        condition="good",
        category="on-the-way",
        place=(31.23, 121.47),
    ),
    Used(
        seller="tam",
        look=Look("kite", 918, "sky"),
        title="A kite for two",
        words="Flew over the lake in March. A demo thing.",
        price=3_600,
        condition="good",
        category="evenings",
        place=(30.27, 120.18),
    ),
)
# What lies on the desk of who asks for a permit: drawn like everything else.
SHOT = Look("frame", 924, "rose")
"""What somebody shows of likes on another network."""
PAPERS = (Look("frame", 921, "straw"), Look("frame", 922, "rose"), Look("frame", 923, "clay"))
