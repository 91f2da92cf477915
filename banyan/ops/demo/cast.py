"""Who and what the demo shows. All of it is invented and marked as demo."""

from __future__ import annotations

# (handle, name, bio)
LEADS = [
    ("ana", "Ana", "Pots, prints and long walks. Demo member."),
    ("ben", "Ben", "I try things so that you need not. Demo member."),
    ("cybakes", "Cy", "Mostly bread. Demo member."),
    ("mio", "Mio", "Kitchen shelves, small flats. Demo member."),
    ("noor", "Noor", "Linen person. Demo member."),
    ("readlu", "Lu", "Three books a month. Demo member."),
]
OTHERS = (
    "kai leafy bei juno tam oki wren sol fen ida ravi mei otto pia rui dana ezra lin nia tao "
    "uma vik xan yara zoe hana iris jin kit lena moss nell ode pim"
).split()

# (slug, name, about, owner, kinds of goods, colour family, rate in basis points, levels)
SHOPS = [
    ("kiln", "Kiln & Co", "Cups and bowls, thrown one at a time.", "mio",
     ("cup", "teapot", "bowl", "vase", "jar"), "clay", 800, 2),
    ("linen-room", "Linen Room", "Washed linen in four colours.", "noor",
     ("dress", "shirt", "scarf", "hat"), "rose", 500, 1),
    ("green-corner", "Green Corner", "Plants that forgive you.", "leafy",
     ("plant", "cactus", "basket", "vase"), "sage", 600, 1),
    ("second-page", "Second Page", "Books we have read ourselves.", "readlu",
     ("book", "frame", "lamp", "glasses"), "lilac", 400, 1),
    ("crumb", "Crumb", "Sourdough, cakes and cheese.", "cybakes",
     ("bread", "cake", "cheese", "fruit", "lemons"), "straw", 300, 1),
    ("slow-wheels", "Slow Wheels", "Bicycles, bags and things for the road.", "bei",
     ("bicycle", "bag", "umbrella", "shoes", "watch"), "sky", 500, 1),
    ("warm-sound", "Warm Sound", "Radios, headphones, strings.", "juno",
     ("radio", "headphones", "guitar", "camera"), "sky", 700, 2),
    ("soft-hours", "Soft Hours", "Candles, soap and wool.", "oki",
     ("candle", "soap", "yarn", "socks", "bottle"), "rose", 500, 1),
]

ADJECTIVES = [
    ("Quiet", "静", "靜"), ("Morning", "晨", "晨"), ("Hand-made", "手作", "手作"),
    ("Little", "小", "小"), ("Blue hour", "蓝调", "藍調"), ("Everyday", "日常", "日常"),
    ("Winter", "冬日", "冬日"), ("Garden", "园中", "園中"), ("Lucky", "好运", "好運"),
    ("Old town", "老城", "老城"), ("Harbour", "港湾", "港灣"), ("First", "初", "初"),
    ("Moon", "月", "月"), ("Plain", "素", "素"), ("River", "河畔", "河畔"),
]
NOUNS = {
    "cup": ("cup", "杯", "杯"), "teapot": ("teapot", "茶壶", "茶壺"), "bowl": ("bowl", "碗", "碗"),
    "vase": ("vase", "花瓶", "花瓶"), "jar": ("jar", "罐", "罐"), "dress": ("dress", "连衣裙", "洋裝"),
    "shirt": ("shirt", "衬衫", "襯衫"), "scarf": ("scarf", "围巾", "圍巾"), "hat": ("hat", "帽", "帽"),
    "plant": ("plant", "绿植", "綠植"), "cactus": ("cactus", "仙人掌", "仙人掌"),
    "basket": ("basket", "篮", "籃"), "book": ("book", "书", "書"), "frame": ("frame", "画框", "畫框"),
    "lamp": ("lamp", "灯", "燈"), "glasses": ("glasses", "眼镜", "眼鏡"),
    "bread": ("bread", "面包", "麵包"), "cake": ("cake", "蛋糕", "蛋糕"),
    "cheese": ("cheese", "奶酪", "起司"), "fruit": ("fruit box", "水果箱", "水果箱"),
    "lemons": ("lemons", "柠檬", "檸檬"), "bicycle": ("bicycle", "自行车", "自行車"),
    "bag": ("bag", "包", "包"), "umbrella": ("umbrella", "伞", "傘"), "shoes": ("shoes", "鞋", "鞋"),
    "watch": ("watch", "手表", "手錶"), "radio": ("radio", "收音机", "收音機"),
    "headphones": ("headphones", "耳机", "耳機"), "guitar": ("guitar", "吉他", "吉他"),
    "camera": ("camera", "相机", "相機"), "candle": ("candle", "蜡烛", "蠟燭"),
    "soap": ("soap", "香皂", "香皂"), "yarn": ("yarn", "毛线", "毛線"),
    "socks": ("socks", "袜子", "襪子"), "bottle": ("bottle", "瓶", "瓶"),
}
REMARKS = [
    "Better in person than on the picture.", "I have used it every day for a month.",
    "A present to myself, no regrets.", "My neighbour asked where it is from.",
    "Small flaw, big love.", "The second one I buy.", "It makes the shelf.",
    "Looks fragile, is not.", "For the slow part of Sunday.", "The colour is exactly this.",
]
COMMENTS = [
    "Lovely light!", "Where do you keep it?", "Does it come in blue?", "I want to try this.",
    "Same here, for a year now.", "That table!", "How heavy is it?", "Thank you for showing.",
]
