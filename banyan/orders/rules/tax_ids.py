"""The check character of China's unified social credit codes (统一社会信用代码), GB 32100-2015."""

from __future__ import annotations

LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 characters of the code, each worth its place; I, O, S, V and Z are none of them."""
_WEIGHTS = [pow(3, place, 31) for place in range(17)]


def clean_credit_code(text: str) -> str | None:
    """Return a code in its written form, or None when it cannot be one.

    18 characters; the last is 31 less the weighted sum of the others modulo 31 (weights are the
    powers of three modulo 31), and 0 for 31.
    """
    code = "".join(text.split()).upper()
    if len(code) != 18 or any(letter not in LETTERS for letter in code):
        return None
    total = sum(
        weight * LETTERS.index(letter) for weight, letter in zip(_WEIGHTS, code[:17], strict=True)
    )
    return code if LETTERS[(31 - total % 31) % 31] == code[17] else None
