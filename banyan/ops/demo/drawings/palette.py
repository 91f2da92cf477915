"""Six families of colour; a picture keeps to one."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, int, int]


def _rgb(code: str) -> Colour:
    return int(code[0:2], 16), int(code[2:4], 16), int(code[4:6], 16)


def mix(one: Colour, other: Colour, part: float) -> Colour:
    """Return `one` with `part` (0 to 1) of `other` in it."""
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(one, other, strict=True))
    return red, green, blue


@dataclass(frozen=True, slots=True)
class Family:
    """The colours of one picture.

    `wall`, `glow` (the large circles), `table` and `shade` (shadows on the table) make the
    place; `light`, `mid`, `deep` and `dark` the thing; `leaf` is for stems, `pop` for the one
    small surprise.
    """

    name: str
    wall: Colour
    glow: Colour
    table: Colour
    shade: Colour
    light: Colour
    mid: Colour
    deep: Colour
    dark: Colour
    leaf: Colour
    pop: Colour


def _family(name: str, codes: str) -> Family:
    return Family(name, *(_rgb(code) for code in codes.split()))


# wall, glow, table, shade, light, mid, deep, dark, leaf, pop
FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        _family("clay", "E9C9A6 EED6BC E1BC97 D3A682 F6E7D3 D49C7B B8653D 7E4227 4E7A5E 2F6B56"),
        _family("sage", "A9C4B5 B9CFC2 9BB9A9 86A797 E9F2EA 74A58D 2F6B56 1D473A 2F6B56 E08A62"),
        _family("rose", "F2C4B3 F5D1C4 EDB4A1 DC9B86 FCEBE3 E58F72 C4472B 842B1A 4E7A5E F3D58A"),
        _family("lilac", "C9B6D8 D5C5E1 BEA9CF A892BF F1EBF7 9F83BE 6B4E92 432F60 55806E F0B48A"),
        _family("straw", "E7D68F EEE1AC DCC878 C8B05C FBF4D9 CDAA43 9C7A17 64500F 2F6B56 C4472B"),
        _family("sky", "B9CFE2 C9DAE9 A9C2D8 90ADC7 EDF4FA 739FC5 37699C 22456A 4E8069 EFA27C"),
    )
}
