"""Who and what the demo shows. All of it is invented and marked as demo."""

from __future__ import annotations

from dataclasses import dataclass

# (handle, name, bio)
LEADS = [
    ("ana", "Ana", "Pots, prints and long walks. Demo member."),
    ("ben", "Ben", "I try things so that you need not. Demo member."),
    ("cybakes", "Cy", "Mostly bread. Demo member."),
    ("mio", "Mio", "Kitchen shelves, small flats. Demo member."),
    ("noor", "Noor", "Linen person. Demo member."),
    ("readlu", "Lu", "Three books a month. Demo member."),
]
OTHERS = [
    "kai",
    "leafy",
    "bei",
    "juno",
    "tam",
    "oki",
    "wren",
    "sol",
    "fen",
    "ida",
    "ravi",
    "mei",
    "otto",
    "pia",
    "rui",
    "dana",
    "ezra",
    "lin",
    "nia",
    "tao",
    "uma",
    "vik",
    "xan",
    "yara",
    "zoe",
    "hana",
    "iris",
    "jin",
    "kit",
    "lena",
    "moss",
    "nell",
    "ode",
    "pim",
]

# Staff, by handle: name and roles. In a demo nobody needs a second factor.
STAFF = {
    "demo_desk": ("Desk", ("owner",)),
    "demo_till": ("Till", ("finance", "support")),
}

# A shop that waits for approval: slug, name, about, owner.
WAITING_SHOP = ("fern-corner", "Fern Corner", "Ferns, pots and patience. A demo shop.", "leafy")

# What was looked for and not found, and how often.
SOUGHT = (("kimono", 4), ("铁壶", 3), ("left-handed scissors", 2), ("sourdoh", 1))

# Storefronts: handle of the owner, title, intro, colour, a link out: its title and address.
STOREFRONTS = [
    (
        "ana",
        "Ana's table",
        "What stands on my own table. A demo page.",
        "#1e6b52",
        ("A pottery course, elsewhere", "https://example.com/pottery"),
    ),
    (
        "ben",
        "Tried by Ben",
        "Only what I have used for a month. A demo page.",
        "",
        ("The long test, in writing", "https://example.com/long-test"),
    ),
    (
        "mei",
        "小美的架子",
        "厨房里天天用的几样。演示页面。",
        "#8a3b12",
        ("同款收纳架（站外）", "https://example.com/shelf"),
    ),
]


@dataclass(frozen=True, slots=True)
class Circle:
    """A group of the demo."""

    owner: str
    slug: str
    name: str
    about: str
    rules: str = ""
    topics: tuple[str, ...] = ()
    colour: str = ""
    members: tuple[str, ...] = ()
    # What its first members posted there, one each: (title, body).
    said: tuple[tuple[str, str], ...] = ()
    # The shop whose picture stands over it.
    cover: str = ""


GROUPS = [
    Circle(
        "ana",
        "clay-and-tea",
        "Clay and tea",
        "Cups, pots and what goes into them. A demo group.",
        "Show what you use. Say so when you may earn.",
        ("pottery", "tea"),
        "#1e6b52",
        ("noor", "cybakes", "fen", "lin", "juno"),
        (
            ("Which one pours without a drop?", "I tried three. This one."),
            ("Found on Saturday", "A chip at the rim, and I do not mind."),
            ("My mother's, then mine", "Forty years of tea. You can tell."),
            ("配着茶吃", "酸一点，正好。"),
        ),
        "kiln",
    ),
    Circle(
        "ben",
        "a-month-later",
        "A month later",
        "What still works after a month. A demo group.",
        members=("ana", "tao", "otto", "rui"),
        said=(
            ("Day 31", "Washed every day. The glaze is whole."),
            ("It came loose", "The handle, after three weeks. They sent another."),
        ),
    ),
    Circle(
        "mei",
        "chufang",
        "厨房里的事",
        "做饭的人聊厨房。演示小组。",
        "好好说话。",
        ("厨房", "面包"),
        members=("bei", "lin", "hana"),
        said=(("一人食", "一碗面，十分钟。"), ("慢慢炖", "周末才有的时间。")),
    ),
]

# What was said lately: (who, title, body). Many people, few topics.
SAID = [
    ("wren", "Morning cup", "Long before anybody is up. #tea #pottery"),
    ("ben", "Still warm", "It keeps for an hour, I measured. #tea"),
    ("noor", "The handle", "It fits two fingers, as it should. #pottery"),
    ("cybakes", "Sunday", "Bread, butter and this old board. #kitchen #bread"),
    ("fen", "Second-hand", "Older than my mother and me. #pottery #kitchen"),
    ("juno", "For the small pot", "Green, not too hot. #tea"),
    ("lin", "一壶茶", "下雨天，慢慢喝。#茶"),
    ("mei", "新做的碗", "釉色比想的深一点。#手作 #茶"),
    ("bei", "早饭", "白粥配小菜。#厨房"),
    ("hana", "面包出炉", "第三次终于成功。#面包 #厨房"),
]

# Who can be reached: only they may sell second-hand.
REACHED = frozenset({"ana", "fen", "tam", "wren"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A typed attribute of a category's goods, of all goods without one."""

    code: str
    kind: str
    names: dict[str, str]
    category: str = ""
    unit: str = ""
    choices: dict[str, dict[str, str]] | None = None
    values: tuple[str, ...]


# Each thing of a category has the next of the values.
ATTRIBUTES = (
    Typed(
        code="handmade",
        kind="yesno",
        names={"en": "Handmade", "zh-hans": "手工制作", "zh-hant": "手工製作"},
        values=("yes", "no"),
    ),
    Typed(
        code="capacity",
        kind="number",
        names={"en": "Capacity", "zh-hans": "容量", "zh-hant": "容量"},
        category="tableware",
        unit="ml",
        values=("250", "800", "400", "1200", "600"),
    ),
    Typed(
        code="glaze",
        kind="choice",
        names={"en": "Glaze", "zh-hans": "釉色", "zh-hant": "釉色"},
        category="tableware",
        choices={
            "ash": {"en": "Ash", "zh-hans": "灰釉", "zh-hant": "灰釉"},
            "celadon": {"en": "Celadon", "zh-hans": "青釉", "zh-hant": "青釉"},
            "tenmoku": {"en": "Tenmoku", "zh-hans": "天目", "zh-hant": "天目"},
        },
        values=("ash", "celadon", "tenmoku"),
    ),
    Typed(
        code="fabric",
        kind="choice",
        names={"en": "Fabric", "zh-hans": "面料", "zh-hant": "面料"},
        category="clothing",
        choices={
            "linen": {"en": "Linen", "zh-hans": "亚麻", "zh-hant": "亞麻"},
            "cotton": {"en": "Cotton", "zh-hans": "棉", "zh-hant": "棉"},
        },
        values=("linen", "cotton", "linen"),
    ),
)


def attributes_of(category: str, place: int) -> dict[str, str]:
    """Return what is typed of the ``place``-th thing of a shop, by attribute."""
    return {
        one.code: one.values[place % len(one.values)]
        for one in ATTRIBUTES
        if one.category in {"", category}
    }


PRODUCTS_PER_SHOP = 15
# The categories of goods: address, names by language, kinds of goods.
CATEGORIES = [
    (
        "tableware",
        {"en": "Tableware", "zh-hans": "餐具", "zh-hant": "餐具"},
        ("cup", "teapot", "bowl", "vase", "jar"),
    ),
    (
        "clothing",
        {"en": "Clothing", "zh-hans": "服装", "zh-hant": "服裝"},
        ("dress", "shirt", "scarf", "hat", "shoes", "socks"),
    ),
    (
        "food",
        {"en": "Food", "zh-hans": "食物", "zh-hant": "食物"},
        ("bread", "cake", "cheese", "fruit", "lemons"),
    ),
    (
        "plants",
        {"en": "Plants", "zh-hans": "绿植", "zh-hant": "綠植"},
        ("plant", "cactus", "basket"),
    ),
    (
        "books-and-desk",
        {"en": "Books and desk", "zh-hans": "书与书桌", "zh-hant": "書與書桌"},
        ("book", "frame", "lamp", "glasses"),
    ),
    (
        "on-the-way",
        {"en": "On the way", "zh-hans": "出行", "zh-hant": "出行"},
        ("bicycle", "bag", "umbrella", "watch"),
    ),
    (
        "sound-and-pictures",
        {"en": "Sound and pictures", "zh-hans": "声音与影像", "zh-hant": "聲音與影像"},
        ("radio", "headphones", "guitar", "camera"),
    ),
    (
        "evenings",
        {"en": "Evenings at home", "zh-hans": "居家时光", "zh-hant": "居家時光"},
        ("candle", "soap", "yarn", "bottle"),
    ),
    ("wine", {"en": "Wine", "zh-hans": "酒", "zh-hant": "酒"}, ()),
]
CATEGORY_OF = {kind: slug for slug, _names, kinds in CATEGORIES for kind in kinds}

# (slug, name, about, owner, kinds of goods, colour family, rate in basis points, levels)
SHOPS = [
    (
        "kiln",
        "Kiln & Co",
        "Cups and bowls, thrown one at a time.",
        "mio",
        ("cup", "teapot", "bowl", "vase", "jar"),
        "clay",
        800,
        2,
    ),
    (
        "linen-room",
        "Linen Room",
        "Washed linen in four colours.",
        "noor",
        ("dress", "shirt", "scarf", "hat"),
        "rose",
        500,
        1,
    ),
    (
        "green-corner",
        "Green Corner",
        "Plants that forgive you.",
        "leafy",
        ("plant", "cactus", "basket", "vase"),
        "sage",
        600,
        1,
    ),
    (
        "second-page",
        "Second Page",
        "Books we have read ourselves.",
        "readlu",
        ("book", "frame", "lamp", "glasses"),
        "lilac",
        400,
        1,
    ),
    (
        "crumb",
        "Crumb",
        "Sourdough, cakes and cheese.",
        "cybakes",
        ("bread", "cake", "cheese", "fruit", "lemons"),
        "straw",
        300,
        1,
    ),
    (
        "slow-wheels",
        "Slow Wheels",
        "Bicycles, bags and things for the road.",
        "bei",
        ("bicycle", "bag", "umbrella", "shoes", "watch"),
        "sky",
        500,
        1,
    ),
    (
        "warm-sound",
        "Warm Sound",
        "Radios, headphones, strings.",
        "juno",
        ("radio", "headphones", "guitar", "camera"),
        "sky",
        700,
        2,
    ),
    (
        "soft-hours",
        "Soft Hours",
        "Candles, soap and wool.",
        "oki",
        ("candle", "soap", "yarn", "socks", "bottle"),
        "rose",
        500,
        1,
    ),
]

ADJECTIVES = [
    ("Quiet", "静", "靜"),
    ("Morning", "晨", "晨"),
    ("Hand-made", "手作", "手作"),
    ("Little", "小", "小"),
    ("Blue hour", "蓝调", "藍調"),
    ("Everyday", "日常", "日常"),
    ("Winter", "冬日", "冬日"),
    ("Garden", "园中", "園中"),
    ("Lucky", "好运", "好運"),
    ("Old town", "老城", "老城"),
    ("Harbour", "港湾", "港灣"),
    ("First", "初", "初"),
    ("Moon", "月", "月"),
    ("Plain", "素", "素"),
    ("River", "河畔", "河畔"),
]
NOUNS = {
    "cup": ("cup", "杯", "杯"),
    "teapot": ("teapot", "茶壶", "茶壺"),
    "bowl": ("bowl", "碗", "碗"),
    "vase": ("vase", "花瓶", "花瓶"),
    "jar": ("jar", "罐", "罐"),
    "dress": ("dress", "连衣裙", "洋裝"),
    "shirt": ("shirt", "衬衫", "襯衫"),
    "scarf": ("scarf", "围巾", "圍巾"),
    "hat": ("hat", "帽", "帽"),
    "plant": ("plant", "绿植", "綠植"),
    "cactus": ("cactus", "仙人掌", "仙人掌"),
    "basket": ("basket", "篮", "籃"),
    "book": ("book", "书", "書"),
    "frame": ("frame", "画框", "畫框"),
    "lamp": ("lamp", "灯", "燈"),
    "glasses": ("glasses", "眼镜", "眼鏡"),
    "bread": ("bread", "面包", "麵包"),
    "cake": ("cake", "蛋糕", "蛋糕"),
    "cheese": ("cheese", "奶酪", "起司"),
    "fruit": ("fruit box", "水果箱", "水果箱"),
    "lemons": ("lemons", "柠檬", "檸檬"),
    "bicycle": ("bicycle", "自行车", "自行車"),
    "bag": ("bag", "包", "包"),
    "umbrella": ("umbrella", "伞", "傘"),
    "shoes": ("shoes", "鞋", "鞋"),
    "watch": ("watch", "手表", "手錶"),
    "radio": ("radio", "收音机", "收音機"),
    "headphones": ("headphones", "耳机", "耳機"),
    "guitar": ("guitar", "吉他", "吉他"),
    "camera": ("camera", "相机", "相機"),
    "candle": ("candle", "蜡烛", "蠟燭"),
    "soap": ("soap", "香皂", "香皂"),
    "yarn": ("yarn", "毛线", "毛線"),
    "socks": ("socks", "袜子", "襪子"),
    "bottle": ("bottle", "瓶", "瓶"),
}
REMARKS = [
    "Better in person than on the picture.",
    "I have used it every day for a month.",
    "A present to myself, no regrets.",
    "My neighbour asked where it is from.",
    "Small flaw, big love.",
    "The second one I buy.",
    "It makes the shelf.",
    "Looks fragile, is not.",
    "For the slow part of Sunday.",
    "The colour is exactly this.",
]
# A buyer's complaint in public, the shop's answer, and how it ended.
COMPLAINT = (
    "Chipped when it came",
    "Two stars: the glaze is lovely, but it arrived with a chip and the box was too thin.",
    "You are right, that box was not good enough. A new one is on its way, and we changed the box.",
    "It came, whole this time. Thank you for the quick answer.",
)
# Who writes in Chinese.
CHINESE = frozenset({"bei", "fen", "mei", "lin", "tao", "rui", "jin", "hana", "kai"})
REMARKS_ZH = [
    "实物比照片好看。",
    "用了一个月，每天都在用。",
    "送给自己的礼物，一点不后悔。",
    "邻居都来问哪里买的。",
    "有点小瑕疵，但很喜欢。",
    "已经回购第二个了。",
    "放在架子上刚刚好。",
    "看着娇气，其实很结实。",
    "周日的慢时光就靠它。",
    "颜色和图上一模一样。",
]
COMMENTS_ZH = ["光线真好！", "平时放在哪里？", "有蓝色的吗？", "我也想试试。", "谢谢分享。"]
COMMENTS = [
    "Lovely light!",
    "Where do you keep it?",
    "Does it come in blue?",
    "I want to try this.",
    "Same here, for a year now.",
    "That table!",
    "How heavy is it?",
    "Thank you for showing.",
]
