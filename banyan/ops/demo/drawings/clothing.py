"""Things to wear and carry."""

from __future__ import annotations

from random import Random

from banyan.ops.demo.drawings.canvas import Canvas, rounded, written
from banyan.ops.demo.drawings.palette import Family, mix
from banyan.ops.demo.drawings.touches import darker, lighter, printed, shadow, side, suit


def dress(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a belted dress."""
    main, trim = dice.choice(
        [(f.deep, f.light), (f.deep, f.light), (f.light, f.deep), (f.mid, f.light)]
    )
    waist, hem, length = dice.uniform(74, 92), dice.uniform(190, 270), dice.uniform(360, 470)
    top = -length - 250
    c.ellipse(0, 4, hem * 1.02, 26, f.shade)
    straps = dice.choice(["points", "sleeves", "sleeves", "straps"])
    if straps == "sleeves":
        for sign in (-1, 1):
            c.path(
                f"M {sign * 70} {top + 6} L {sign * 196} {top + 116} L {sign * 142} {top + 176} "
                f"L {sign * 84} {top + 130} Z",
                darker(main, 0.06),
            )
    if straps == "straps":
        for sign in (-1, 1):
            c.stroke(f"M {sign * 62} {top + 50} L {sign * 50} {top - 50}", 15, main)
    shape = (
        f"M -82 {top} Q 0 {top + 66} 82 {top} L 128 {top + 136} L {waist} {top + 226} "
        f"L {-waist} {top + 226} L -128 {top + 136} Z"
    )
    if straps == "straps":
        shape = (
            f"M -86 {top + 40} Q 0 {top + 74} 86 {top + 40} L 106 {top + 130} "
            f"L {waist} {top + 226} L {-waist} {top + 226} L -106 {top + 130} Z"
        )
    flare = hem * dice.uniform(0.35, 0.62)
    skirt = (
        f"M {-waist} {top + 250} L {waist} {top + 250} C {waist + 20} {-length * 0.6} "
        f"{flare + 60} {-length * 0.3} {hem} 0 Q 0 34 {-hem} 0 C {-flare - 60} {-length * 0.3} "
        f"{-waist - 20} {-length * 0.6} {-waist} {top + 250} Z"
    )
    pattern = dice.choice(["plain", "plain", "dots", "stripes", "bands"])
    for part, box in (
        (shape, (-140.0, top, 140.0, top + 230)),
        (skirt, (-hem, -length, hem, 10.0)),
    ):
        c.path(part, main)
        printed(c, part, mix(main, trim, 0.5), dice, box, pattern)
    for x in (-0.45, 0.05, 0.5):
        c.stroke(
            f"M {x * waist} {-length + 40} Q {x * waist * 1.3} {-length * 0.5} {x * hem} -20",
            6,
            darker(main, 0.13),
        )
    c.box(-waist - 4, top + 222, waist + 4, top + 254, trim)


def shirt(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a shirt or a knitted jumper on a hanger."""
    main, trim = suit(f, dice)
    knit = dice.random() < 0.5
    top = -600.0
    c.ellipse(0, 4, 190, 22, f.shade)
    c.stroke(
        f"M 0 {top + 16} C 0 {top - 44} 50 {top - 40} 44 {top - 84} C 36 {top - 118} -14 "
        f"{top - 112} "
        f"-12 {top - 76}",
        11,
        f.dark,
    )
    for sign in (-1, 1):
        arm = (
            f"M {sign * 120} {top + 30} C {sign * 210} {top + 60} {sign * 250} {top + 160} "
            f"{sign * 270} {top + 380} L {sign * 190} {top + 400} L {sign * 140} {top + 190} Z"
        )
        c.path(arm, darker(main, 0.07))
        c.path(
            f"M {sign * 266} {top + 345} L {sign * 272} {top + 400} L {sign * 190} {top + 420} "
            f"L {sign * 186} {top + 368} Z",
            trim if knit else darker(main, 0.12),
        )
    body = (
        f"M -70 {top} Q 0 {top + 50} 70 {top} L 160 {top + 50} C 172 {top + 200} 176 {top + 400} "
        f"176 -50 L -176 -50 C -176 {top + 400} -172 {top + 200} -160 {top + 50} Z"
    )
    c.path(body, main)
    pattern = dice.choice(["stripes", "bands", "checks", "plain", "dots"])
    printed(c, body, mix(main, trim, 0.45), dice, (-180, top + 130, 180, -110), pattern)
    if knit:
        c.box(-178, -92, 178, -34, trim, 12)
        c.stroke(f"M -76 {top + 2} Q 0 {top + 58} 76 {top + 2}", 30, trim)
    else:
        c.stroke(f"M 0 {top + 40} L 0 -56", 5, darker(main, 0.18))
        for number in range(5):
            c.circle(0, top + 110 + number * 92, 10, trim)
        for sign in (-1, 1):
            c.path(
                f"M 0 {top + 44} L {sign * 74} {top - 12} L {sign * 104} {top + 30} "
                f"L {sign * 56} {top + 96} Z",
                mix(main, trim, 0.18),
            )
        c.box(52, top + 160, 128, top + 250, darker(main, 0.1), 8)


def scarf(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a scarf folded over a rail, with fringes."""
    main, trim = suit(f, dice)
    top = -640.0
    c.stroke(f"M -330 {top} L 330 {top}", 22, f.dark)
    for post in (-300, 300):
        c.stroke(f"M {post} {top} L {post} -10", 16, f.dark)
        c.ellipse(post, 0, 52, 15, f.dark)
    pattern = dice.choice(["checks", "bands", "stripes", "bands"])
    for left, right, bottom, tone in (
        (10.0, 170.0, -210.0, darker(main, 0.1)),
        (-150.0, 50.0, -110.0, main),
    ):
        for number in range(9):
            x = left + 12 + number * (right - left - 24) / 8
            c.stroke(f"M {x} {bottom - 4} L {x + dice.uniform(-6, 6)} {bottom + 62}", 7, tone)
        shape = written(rounded(left, top - 16, right, bottom, 12))
        c.path(shape, tone)
        printed(
            c, shape, mix(tone, trim, 0.75), dice, (left, top + 30, right, bottom - 20), pattern
        )


def hat(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a brimmed hat with a ribbon, or a knitted one with a bobble."""
    if dice.random() < 0.5:
        main, trim = suit(f, dice)
        shadow(c, f, 220)
        shape = "M -215 -70 C -240 -380 -130 -460 0 -460 C 130 -460 240 -380 215 -70 Z"
        c.circle(0, -490, 84, trim)
        for turn in range(0, 360, 24):
            c.at(0, -490, turn=turn).ellipse(0, -72, 12, 24, mix(trim, main, 0.25))
        c.path(shape, main)
        with c.inside(shape) as cut:
            for row in range(3):
                for x in range(-240, 260, 56):
                    y = -340 + row * 80
                    cut.path(
                        f"M {x} {y} L {x + 28} {y - 34} L {x + 56} {y} L {x + 28} {y + 34} Z",
                        mix(main, trim, 0.55 if row != 1 else 0.85),
                    )
        side(c, shape, 200)
        c.box(-236, -150, 236, 0, mix(main, trim, 0.3), 46)
        for x in range(-196, 210, 49):
            c.stroke(f"M {x} -122 L {x} -28", 8, mix(main, trim, 0.5))
        return
    straw = dice.choice([mix(f.light, (226, 190, 130), 0.5), f.light, f.deep])
    band = f.deep if straw != f.deep else f.pop
    shadow(c, f, 310)
    c.ellipse(0, -34, 330, 66, darker(straw, 0.1))
    c.ellipse(0, -46, 330, 62, straw)
    crown = (
        "M -176 -60 C -190 -230 -160 -330 -70 -336 Q 0 -300 70 -336 C 160 -330 190 -230 176 "
        "-60 Q 0 -12 -176 -60 Z"
    )
    c.path(crown, lighter(straw, 0.1))
    side(c, crown, 90)
    with c.inside(crown) as cut:
        cut.path("M -220 -160 Q 0 -96 220 -160 L 220 -70 Q 0 -6 -220 -70 Z", band)
    c.path("M 150 -128 L 226 -176 L 218 -118 L 238 -70 Z", darker(band, 0.1))
    c.circle(150, -122, 20, darker(band, 0.15))


def shoes(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a pair of trainers or of boots."""
    main, trim = suit(f, dice)
    boots = dice.random() < 0.5
    shadow(c, f, 290)
    sole = (250, 244, 234) if main != f.light else f.mid
    for place, tone in ((c.at(72, -74, scale=0.92), darker(main, 0.13)), (c.at(-40, 0), main)):
        tall = -430 if boots else -236
        shape = (
            f"M -210 -36 L -210 {tall} Q -140 {tall + 34} -52 {tall} C -50 -190 20 -170 120 -140 "
            "C 220 -120 262 -90 262 -36 Z"
        )
        place.path(shape, tone)
        side(place, shape, 150)
        toe = "M 150 -36 C 150 -110 190 -126 210 -116 C 250 -96 262 -70 262 -36 Z"
        place.path(toe, darker(tone, 0.1) if boots else mix(tone, trim, 0.25))
        if boots:
            place.box(-214, tall - 12, -46, tall + 44, mix(tone, trim, 0.4), 20)
            place.path("M -160 -200 L -100 -200 L -110 -60 L -150 -60 Z", darker(tone, 0.15))
            place.box(-222, -70, -120, -30, darker(tone, 0.2), 6)
        else:
            place.path(
                "M -210 -70 C -120 -80 -120 -150 -130 -226 L -210 -236 Z", mix(tone, trim, 0.45)
            )
            for number in range(4):
                x, y = -34 + number * 40, -198 + number * 17
                place.stroke(f"M {x} {y} L {x - 34} {y + 50}", 13, trim)
        place.box(-222, -44, 274, 0, sole, 20)
        place.box(-222, -16, 274, 0, darker(sole, 0.14), 8)


def bag(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a tote, a handbag with a flap, or a rucksack."""
    main, trim = suit(f, dice)
    kind = dice.choice(["tote", "flap", "rucksack"])
    shadow(c, f, 240)
    if kind == "tote":
        c.stroke("M -100 -380 C -110 -640 110 -640 100 -380", 24, darker(main, 0.16))
        shape = "M -230 -420 L 230 -420 L 206 -22 Q 204 0 182 0 L -182 0 Q -204 0 -206 -22 Z"
        c.path(shape, main)
        motif = dice.choice(["stripes", "sun", "dots", "leaf"])
        if motif == "sun":
            c.circle(0, -200, 92, trim)
            for turn in range(0, 360, 30):
                c.at(0, -200, turn=turn).stroke("M 0 -114 L 0 -138", 12, trim)
        elif motif == "leaf":
            for turn in (-52, -18, 18, 52):
                c.at(0, -70, turn=turn).path(
                    "M 0 0 Q -62 -130 0 -240 Q 62 -130 0 0 Z", mix(main, trim, 0.85)
                )
        else:
            printed(c, shape, mix(main, trim, 0.7), dice, (-230, -330, 230, -70), motif)
        side(c, shape, 180)
        c.stroke(
            "M -106 -350 C -130 -600 130 -600 106 -350", 24, trim if motif != "dots" else f.dark
        )
        return
    if kind == "flap":
        c.stroke("M -190 -300 C -220 -680 220 -680 190 -300", 18, f.dark)
        shape = written(rounded(-240, -340, 240, 0, 46))
        c.path(shape, main)
        side(c, shape, 160)
        flap = (
            "M -240 -300 Q -240 -346 -194 -346 L 194 -346 Q 240 -346 240 -300 L 222 -170 Q 0 "
            "-60 -222 -170 Z"
        )
        c.path(flap, mix(main, f.dark, 0.22))
        c.box(-34, -170, 34, -86, (232, 190, 104), 12)
        c.box(-14, -148, 14, -108, darker(main, 0.3), 6)
        return
    for sign in (-1, 1):
        c.box(sign * 196 - 56, -300, sign * 196 + 56, -60, darker(main, 0.12), 40)
    c.stroke("M -52 -540 C -60 -630 60 -630 52 -540", 22, f.dark)
    shape = written(rounded(-200, -560, 200, 0, 120))
    c.path(shape, main)
    side(c, shape, 120)
    c.box(-150, -270, 150, -40, mix(main, trim, 0.28), 46)
    c.stroke("M -120 -210 L 120 -210", 8, f.dark)
    c.stroke("M -184 -410 Q 0 -360 184 -410", 8, darker(main, 0.3))
    for x in (-86, 86):
        c.box(x - 18, -430, x + 18, -236, trim, 6)
    c.circle(88, -150, 24, f.pop)


def socks(c: Canvas, f: Family, dice: Random) -> None:
    """Draw a pair of patterned socks pegged to a line."""
    main, trim = suit(f, dice)
    c.stroke("M -420 -640 Q 0 -580 420 -640", 8, f.dark)
    pattern = dice.choice(["bands", "dots", "checks", "stripes"])
    for x, lean in ((-150, dice.uniform(-5, 0)), (130, dice.uniform(0, 5))):
        one = c.at(x, -608, turn=lean)
        shape = (
            "M -64 0 L 64 0 L 64 270 C 66 320 150 330 176 372 C 196 420 160 452 110 452 "
            "C 20 452 -60 430 -62 330 Z"
        )
        one.path(shape, main)
        printed(one, shape, mix(main, trim, 0.75), dice, (-70, 90, 200, 300), pattern)
        with one.inside(shape) as cut:
            cut.circle(196, 420, 88, trim)
            cut.circle(-56, 356, 70, trim)
        one.box(-70, -8, 70, 66, trim, 10)
        for px in (-36, 36):
            one.box(px - 11, -40, px + 11, 36, mix((222, 184, 128), f.dark, 0.15), 6)


def umbrella(c: Canvas, f: Family, dice: Random) -> None:
    """Draw an open umbrella."""
    main, trim = suit(f, dice)
    shadow(c, f, 120, 20)
    c.stroke("M 0 -560 L 0 -60 C 0 20 -92 20 -92 -50", 20, f.dark)
    dome = (
        "M -330 -330 C -320 -560 -150 -660 0 -660 C 150 -660 320 -560 330 -330 Q 275 -384 220 -330 "
        "Q 165 -384 110 -330 Q 55 -384 0 -330 Q -55 -384 -110 -330 Q -165 -384 -220 -330 "
        "Q -275 -384 -330 -330 Z"
    )
    c.path(dome, main)
    with c.inside(dome) as cut:
        for x0, x1 in ((-220, -110), (0, 110), (220, 330)):
            cut.path(
                f"M {x0} -300 L {x1} -300 C {x1 * 0.9} -520 {x1 * 0.4} -640 0 -670 "
                f"C {x0 * 0.4} -640 {x0 * 0.9} -520 {x0} -300 Z",
                mix(main, trim, 0.55),
            )
    c.stroke("M 0 -660 L 0 -706", 16, f.dark)
    if dice.random() < 0.7:
        for _ in range(9):
            x, y = dice.uniform(-420, 420), dice.uniform(-960, -760)
            c.path(
                f"M {x} {y} C {x - 24} {y + 40} {x + 24} {y + 40} {x} {y} Z", lighter(f.wall, 0.5)
            )


def glasses(c: Canvas, f: Family, dice: Random) -> None:
    """Draw spectacles or sunglasses, large, before their case."""
    dark = dice.random() < 0.5
    rim = dice.choice([f.deep, f.dark, f.pop])
    lens = f.dark if dark else lighter(f.wall, 0.6)
    case = c.at(40, -110, turn=-6)
    c.ellipse(40, 0, 330, 40, f.shade)
    case.box(-270, -60, 270, 96, f.mid, 76)
    case.box(-270, -60, 270, 6, darker(f.mid, 0.1), 60)
    kind = dice.choice(["round", "square", "drop"])
    for sign in (-1, 1):
        eye = c.at(sign * 158, -330, mirror=sign < 0)
        eye.stroke("M 110 -40 C 180 -60 216 0 236 120", 22, rim)
        if kind == "round":
            eye.circle(0, 0, 136, rim)
            eye.circle(0, 0, 110, lens)
        elif kind == "square":
            eye.box(-132, -104, 136, 110, rim, 46)
            eye.box(-106, -80, 110, 86, lens, 32)
        else:
            eye.path(
                "M -128 -96 Q 20 -130 136 -90 C 146 60 90 140 0 136 C -90 130 -130 40 -128 -96 Z",
                rim,
            )
            eye.path(
                "M -102 -72 Q 20 -102 110 -68 C 116 46 74 112 0 108 C -72 104 -104 30 -102 -72 Z",
                lens,
            )
        c.stroke(f"M {sign * 158 - 60} -300 L {sign * 158 - 10} -374", 14, lighter(lens, 0.35))
    c.stroke("M -34 -350 Q 0 -384 34 -350", 22, rim)
