"""Things to eat, and small things of the bath and the jewel box."""

from __future__ import annotations

from random import Random

from banyan.ops.demo.drawings.canvas import Canvas, arc, ring, rounded, written
from banyan.ops.demo.drawings.palette import Colour, Family, mix
from banyan.ops.demo.drawings.touches import darker, leaf, lighter, printed, shadow, side, steam


def _pear(c: Canvas, f: Family, tone: Colour) -> None:
    shape = (
        "M 0 -330 C 70 -330 74 -250 96 -200 C 150 -110 130 0 0 0 C -130 0 -150 -110 -96 -200 "
        "C -74 -250 -70 -330 0 -330 Z"
    )
    c.path(shape, tone)
    side(c, shape, 50)
    c.ellipse(-60, -120, 16, 44, lighter(tone, 0.45))
    c.stroke("M 0 -324 Q 6 -370 28 -392", 12, f.dark)
    leaf(c.at(8, -352, turn=62), f.leaf, 110, 54)


def _round_fruit(c: Canvas, f: Family, tone: Colour) -> None:
    c.circle(0, -130, 132, tone)
    side(c, ring(0, -130, 132, 132), 66)
    c.ellipse(-64, -178, 18, 34, lighter(tone, 0.45))
    c.stroke("M 0 -246 Q 4 -286 22 -306", 12, f.dark)
    leaf(c.at(4, -262, turn=64), f.leaf, 112, 56)


def _halved(c: Canvas, f: Family, tone: Colour) -> None:
    c.circle(0, -128, 130, tone)
    c.circle(0, -128, 112, lighter(tone, 0.75))
    for turn in range(0, 360, 45):
        c.at(0, -128, turn=turn + 10).path(
            "M 0 -14 Q -44 -84 -22 -98 Q 0 -106 22 -98 Q 44 -84 0 -14 Z", lighter(tone, 0.2)
        )


def fruit(c: Canvas, f: Family, dice: Random) -> None:
    """Draw two to four fruits, perhaps one cut in half."""
    shadow(c, f, 280)
    tones = [f.deep, f.light, f.mid, f.pop]
    dice.shuffle(tones)
    makers = [_pear, _round_fruit, _round_fruit, _halved]
    dice.shuffle(makers)
    if dice.random() < 0.4:
        makers[1](c.at(0, -190, scale=0.96), f, tones[3])
    makers[0](c.at(-150, -20, turn=dice.uniform(-7, 3)), f, tones[0])
    makers[2](c.at(150, -14, turn=dice.uniform(-3, 7)), f, tones[2])
    makers[3](c.at(dice.uniform(-20, 20), 26, scale=0.86), f, tones[1])


def lemons(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a bowl heaped with lemons, limes or plums."""
    tone = dice.choice([(240, 200, 82), f.pop, f.deep, (240, 200, 82)])
    pointed = tone == (240, 200, 82)
    shadow(c, f, 230)
    heap = ((-60, -420), (70, -424), (-168, -330), (168, -326), (-58, -330), (60, -322))
    for number, (x, y) in enumerate(heap):
        one = c.at(x, y, turn=dice.uniform(-50, 50))
        shade = (darker(tone, 0.1), tone, lighter(tone, 0.18))[number % 3]
        one.ellipse(0, 0, 96, 84, shade)
        if pointed:
            one.path("M 70 -56 Q 104 -22 118 0 Q 104 22 70 56 Z", shade)
        one.circle(-40, -30, 13, lighter(shade, 0.45))
        for dx, dy in ((10, 20), (34, -6), (-14, 40)):
            one.circle(dx, dy, 4, darker(shade, 0.14))
    for turn in (-64, 58):
        leaf(c.at(6, -470, turn=turn), f.leaf, 150, 66)
    main, trim = dice.choice([(f.light, f.deep), (f.deep, f.light)])
    shape = (
        "M -270 -290 L 270 -290 C 262 -120 170 -40 104 -26 L 104 0 L -104 0 L -104 -26 C "
        "-170 -40 -262 -120 -270 -290 Z"
    )
    c.path(shape, main)
    printed(c, shape, mix(main, trim, 0.75), dice, (-270, -220, 270, -100))
    side(c, shape, 150)
    c.box(-280, -304, 280, -272, mix(main, trim, 0.25), 16)


def bread(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a loaf on a board, or buns in a row."""
    crust = dice.choice([(196, 128, 66), (178, 106, 54), (210, 150, 86)])
    board = mix((206, 160, 104), f.dark, 0.18)
    c.ellipse(10, 8, 370, 40, f.shade)
    c.box(-350, -38, 350, 6, board, 18)
    c.box(-350, -10, 350, 6, darker(board, 0.2), 8)
    if dice.random() < 0.6:
        shape = (
            "M -270 -40 C -330 -150 -270 -330 -60 -340 C 60 -360 250 -340 280 -200 C 300 "
            "-130 290 -70 262 -40 Z"
        )
        c.path(shape, crust)
        side(c, shape, 190)
        for x in (-150, -30, 90, 190):
            cut = c.at(x, -250 if abs(x) < 160 else -220, turn=24)
            cut.path("M 0 -76 Q 40 0 0 90 Q -34 0 0 -76 Z", lighter(crust, 0.6))
        slice_ = c.at(-250, -34, turn=-8)
        slice_.path(
            "M -92 0 L -92 -120 C -150 -190 -60 -230 0 -226 C 60 -230 150 -190 92 -120 L 92 0 Z",
            darker(crust, 0.12),
        )
        slice_.at(0, -12, scale=0.84).path(
            "M -92 0 L -92 -120 C -150 -190 -60 -230 0 -226 C 60 -230 150 -190 92 -120 L 92 0 Z",
            (250, 232, 200),
        )
    else:
        for x, y in ((-130, -150), (130, -150), (-230, -36), (0, -36), (230, -36)):
            bun = c.at(x, y)
            shape = "M -118 0 C -140 -100 -70 -158 0 -158 C 70 -158 140 -100 118 0 Z"
            bun.path(shape, crust)
            side(bun, shape, 54)
            for sx, sy in ((-50, -100), (-10, -126), (34, -106), (-20, -84), (60, -74)):
                bun.at(sx, sy, turn=sx).ellipse(0, 0, 12, 6, (250, 238, 210))
    steam(c.at(20), f, dice, -390)


def cake(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a layered cake on a stand."""
    main, trim = dice.choice(
        [(f.light, f.pop), (f.deep, f.light), (f.mid, f.light), (f.light, f.deep)]
    )
    shadow(c, f, 170)
    c.path("M -40 -120 L 40 -120 L 60 -30 Q 110 -10 130 0 L -130 0 Q -110 -10 -60 -30 Z", f.light)
    c.ellipse(0, -122, 320, 34, darker(f.light, 0.08))
    c.ellipse(0, -130, 320, 30, f.light)
    wide = dice.uniform(210, 240)
    shape = written(rounded(-wide, -400, wide, -132, 20))
    c.path(shape, lighter(main, 0.1))
    with c.inside(shape) as cut:
        for y in (-330, -240):
            cut.box(-300, y, 300, y + 26, mix(main, trim, 0.6))
    side(c, shape, wide * 0.6)
    icing = (
        f"M {-wide - 6} -392 Q {-wide} -432 {-wide + 40} -432 L {wide - 40} -432 Q {wide} "
        f"-432 {wide + 6} -392 "
    )
    steps = 6
    for step in range(steps):
        x0 = wide + 6 - step * 2 * (wide + 6) / steps
        x1 = x0 - 2 * (wide + 6) / steps
        icing += (
            f"C {x0} {-300 - dice.uniform(-30, 40)} {x1} {-320 - dice.uniform(-20, 20)} {x1} -380 "
        )
    c.path(icing + "Z", trim)
    if dice.random() < 0.5:
        for number in range(5):
            x = -140 + number * 70
            c.box(x - 8, -530, x + 8, -428, f.light if trim != f.light else f.mid, 6)
            c.path(
                f"M {x} -528 C {x - 20} -556 {x - 4} -570 {x} -596 C {x + 4} -570 "
                f"{x + 20} -556 {x} -528 Z",
                (242, 172, 70),
            )
    else:
        for number in range(5):
            x = -150 + number * 75
            c.circle(x, -456, 38, f.deep if trim != f.deep else f.pop)
            c.stroke(f"M {x} -490 Q {x + 6} -520 {x + 22} -534", 7, f.leaf)


def cheese(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a wedge of cheese with grapes under a glass bell."""
    tone = (240, 200, 96)
    c.ellipse(0, 6, 350, 40, f.shade)
    c.box(-340, -34, 340, 4, f.dark, 17)
    wedge = "M -250 -40 L -250 -190 L 150 -290 L 210 -190 L 210 -40 Z"
    c.path(wedge, tone)
    c.path("M -250 -190 L 150 -290 L 210 -190 Z", lighter(tone, 0.35))
    with c.inside("M -250 -40 L -250 -190 L 210 -190 L 210 -40 Z") as cut:
        for _ in range(7):
            cut.circle(
                dice.uniform(-230, 190),
                dice.uniform(-180, -50),
                dice.uniform(14, 32),
                darker(tone, 0.13),
            )
    grape = dice.choice([f.deep, f.leaf])
    for row, count in enumerate((4, 3, 2)):
        for number in range(count):
            x, y = 150 + (number - (count - 1) / 2) * 66, -70 - row * 54
            c.circle(x, y, 38, grape if (row + number) % 2 else lighter(grape, 0.14))
            c.circle(x - 12, y - 12, 8, lighter(grape, 0.5))
    c.stroke("M 150 -200 Q 156 -250 186 -270", 10, f.leaf)
    bell = c.at(0, -34)
    edge = lighter(f.wall, 0.6)
    bell.stroke("M -310 0 L -310 -220 C -310 -480 310 -480 310 -220 L 310 0", 12, edge)
    bell.stroke("M -256 -150 L -256 -230 C -250 -300 -226 -330 -200 -350", 14, edge)
    bell.circle(0, -446, 32, f.mid)


def dumplings(c: Canvas, f: Family, dice: Random) -> None:
    """Draw bamboo steamers with dumplings."""
    bamboo = mix((222, 184, 122), f.mid, 0.2)
    shadow(c, f, 290)
    floors = dice.choice([1, 2])
    base = 0.0
    for _ in range(floors):
        shape = written(rounded(-290, base - 170, 290, base, 22))
        c.path(shape, bamboo)
        with c.inside(shape) as cut:
            for x in range(-270, 300, 60):
                cut.box(x, base - 170, x + 5, base, darker(bamboo, 0.12))
        for y in (base - 160, base - 36):
            c.box(-298, y, 298, y + 28, darker(bamboo, 0.2), 12)
        base -= 178
    c.ellipse(0, base + 4, 280, 60, darker(bamboo, 0.28))
    for x, y in (
        (-150, base - 6),
        (150, base - 6),
        (0, base - 20),
        (-80, base + 20),
        (80, base + 20),
    ):
        bun = c.at(x, y)
        shape = "M -96 20 C -110 -60 -50 -104 0 -110 C 50 -104 110 -60 96 20 Q 0 50 -96 20 Z"
        bun.path(shape, (252, 247, 236))
        side(bun, shape, 40)
        for dx in (-34, 0, 34):
            bun.stroke(f"M 0 -104 Q {dx} -80 {dx * 1.4} -50", 6, (226, 212, 190))
        bun.circle(0, -100, 12, f.pop)
    c.polygon(arc(0, base + 4, 292, 66, 0, 180), bamboo)
    steam(c.at(-10), f, dice, base - 150)


def soap(c: Canvas, f: Family, dice: Random) -> None:
    """Draw bars of soap tied with string, with a sprig."""
    tones = [f.light, f.deep, f.mid, f.pop]
    dice.shuffle(tones)
    shadow(c, f, 270)
    c.box(-300, -32, 300, 4, mix((206, 160, 104), f.dark, 0.2), 12)
    y = -32.0
    for number in range(dice.choice([2, 3])):
        tone = tones[number]
        wide, turn = 232 - number * 22, dice.uniform(-2.5, 2.5)
        bar = c.at(dice.uniform(-16, 16), y, turn=turn)
        shape = written(rounded(-wide, -136, wide, 0, 30))
        bar.path(shape, tone)
        with bar.inside(shape) as cut:
            style = dice.choice(["swirl", "specks", "band"])
            if style == "swirl":
                cut.path(
                    f"M {-wide} -60 C -120 -140 0 10 120 -70 C 180 -110 {wide} -60 {wide} "
                    f"-60 L {wide} 0 "
                    f"L {-wide} 0 Z",
                    lighter(tone, 0.3),
                )
            elif style == "specks":
                for _ in range(22):
                    cut.circle(
                        dice.uniform(-wide, wide),
                        dice.uniform(-130, 0),
                        dice.uniform(4, 9),
                        darker(tone, 0.25),
                    )
            else:
                cut.box(-wide, -90, wide, -46, lighter(tone, 0.35))
        side(bar, shape, wide * 0.8)
        y -= 136
    c.box(-24, y, 24, -32, (240, 228, 204))
    c.stroke(
        f"M 0 {y} C -90 {y - 70} -120 {y + 10} 0 {y} C 90 {y - 70} 120 {y + 10} 0 {y}",
        11,
        (226, 206, 166),
    )
    sprig = c.at(10, y - 4, turn=dice.uniform(20, 50))
    sprig.stroke("M 0 40 L 0 -230", 8, f.leaf)
    for step in range(5):
        for turn in (55, -55):
            leaf(sprig.at(0, -30 - step * 44, turn=turn), f.leaf, 74, 30)


def jewels(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a necklace on a bust."""
    metal = (226, 186, 104)
    shadow(c, f, 180)
    c.box(-150, -40, 150, 0, f.dark, 18)
    c.box(-40, -130, 40, -20, f.dark)
    bust = (
        "M -66 -690 L 66 -690 C 60 -600 90 -560 190 -530 C 260 -500 240 -380 200 -280 "
        "C 170 -190 130 -120 0 -110 C -130 -120 -170 -190 -200 -280 C -240 -380 -260 "
        "-500 -190 -530 "
        "C -90 -560 -60 -600 -66 -690 Z"
    )
    main = dice.choice([f.deep, f.light, f.mid])
    c.path(bust, main)
    side(c, bust, 100)
    c.ellipse(0, -690, 66, 20, darker(main, 0.15))
    stone = f.pop if main != f.light else f.deep
    if dice.random() < 0.5:
        c.stroke("M -72 -590 C -110 -330 110 -330 72 -590", 8, metal)
        c.path("M 0 -398 C 62 -330 46 -270 0 -262 C -46 -270 -62 -330 0 -398 Z", metal)
        c.path("M 0 -372 C 42 -326 32 -286 0 -280 C -32 -286 -42 -326 0 -372 Z", stone)
    else:
        points = arc(0, -590, 120, 210, 12, 168)
        for number, (x, y) in enumerate(points[::2]):
            c.circle(x, y, 19 if number % 3 else 25, (252, 246, 236) if main != f.light else metal)
            c.circle(x - 6, y - 6, 6, (255, 255, 255))
        c.circle(0, -372, 42, stone)
        c.circle(-12, -386, 12, lighter(stone, 0.6))
