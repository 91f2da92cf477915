"""One pasted line read into address fields: a proposal that its owner confirms."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

from .addresses import ADDRESS_FORMS, POSTCODES, US_STATES


@dataclass(frozen=True, slots=True)
class ParsedAddress:
    """What was read; ``missing`` names required fields that the line did not give."""

    fields: dict[str, str]
    missing: list[str] = field(default_factory=list)


def parse_address_line(text: str, country: str) -> ParsedAddress:
    """Read a pasted address of ``country`` into its fields. It is a guess to be confirmed.

    KeyError for a country without a form. What cannot be told is left empty, never invented;
    every piece of the line that fits nowhere ends up in the street.
    """
    shown, required = ADDRESS_FORMS[country]
    plain = _LABELS.sub(" ", unicodedata.normalize("NFKC", text))
    read = _READERS.get(country, _european)(plain, country)
    fields = {"country": country}
    fields |= {name: _tidy(read.get(name, "")) for name in shown}
    return ParsedAddress(fields, [name for name in required if not fields[name]])


# Labels that shops put before the parts when an address is copied out of them.
_LABELS = re.compile(
    r"(?:收货人|收件人|收貨人|姓名|手机号码|手机号|手机|手機|电话|電話|联系电话|所在地区|地区|详细地址|"
    r"詳細地址|收货地址|收件地址|地址|邮政编码|邮编|郵遞區號|name|phone|address|zip)\s*[::]\s*",
    re.IGNORECASE,
)
_GAPS = re.compile(r"[\s,,、;;。|]+")
_CJK_NAME = re.compile(r"[\u4e00-\u9fff·]{2,6}|[A-Za-z][A-Za-z .'-]+")


def _tidy(value: str) -> str:
    return " ".join(value.split()).strip(" ,;")


def _take(pattern: str, text: str) -> tuple[str, str]:
    """Return (first match, text without it)."""
    found = re.search(pattern, text)
    if found is None:
        return "", text
    return found.group(), f"{text[: found.start()]} {text[found.end() :]}"


_CN_PROVINCE = (
    r"(?:北京|上海|天津|重庆)市?|[\u4e00-\u9fff]{2,3}省|内蒙古(?:自治区)?|西藏(?:自治区)?|"
    r"广西(?:壮族自治区)?|宁夏(?:回族自治区)?|新疆(?:维吾尔自治区)?|香港(?:特别行政区)?|"
    r"澳门(?:特别行政区)?|(?:河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|"
    r"湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海)"
)
_CN_CITY = r"[\u4e00-\u9fff]{1,10}?(?:自治州|地区|盟|市)"
_CN_DISTRICT = r"[\u4e00-\u9fff]{1,10}?(?:自治县|自治旗|新区|区|县|市|旗)"
_MUNICIPALITIES = ("北京", "上海", "天津", "重庆")


def _mainland(text: str, country: str) -> dict[str, str]:
    phone, text = _take(r"(?<!\d)(?:\+?86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}(?!\d)", text)
    _, text = _take(r"(?<!\d)\d{6}(?!\d)", text)
    area = re.search(
        rf"(?P<l1>{_CN_PROVINCE})\s*(?P<l2>{_CN_CITY})?\s*(?P<l3>{_CN_DISTRICT})?", text
    )
    fields = {"phone": phone}
    if area is None:
        fields["recipient"], fields["street"] = _name_and_rest(text)
        return fields
    level1, level2 = area["l1"], area["l2"] or ""
    if level1[:2] in _MUNICIPALITIES:
        level1 = level1[:2] + "市"
        level2 = level2 or level1
    elif level1[-1] not in "省区" and level1[:2] not in ("香港", "澳门"):
        level1 += "" if level1[:2] in ("内蒙", "西藏", "广西", "宁夏", "新疆") else "省"
    before, after = text[: area.start()], text[area.end() :]
    fields |= {"level1": level1, "level2": level2, "level3": area["l3"] or ""}
    fields["recipient"], fields["street"] = _around(before, after)
    return fields


def _taiwan(text: str, country: str) -> dict[str, str]:
    phone, text = _take(r"(?<!\d)(?:\+?886[ -]?|0)9\d{2}[ -]?\d{3}[ -]?\d{3}(?!\d)", text)
    if not phone:
        phone, text = _take(r"(?<!\d)0\d{1,2}-\d{3,4}-?\d{4}(?!\d)", text)
    text = text.replace("臺", "台")
    area = re.search(
        r"(?P<code>\d{3,6})?\s*(?:台灣|中華民國)?\s*(?P<l1>[\u4e00-\u9fff]{2}[縣市])\s*"
        r"(?P<code2>\d{3,6})?\s*(?P<l2>[\u4e00-\u9fff]{1,3}?[區鄉鎮市])?",
        text,
    )
    if area is None:
        code, text = _take(r"(?<!\d)\d{3}(?:\d{2,3})?(?!\d)", text)
        name, street = _name_and_rest(text)
        return {"phone": phone, "postcode": code, "recipient": name, "street": street}
    name, street = _around(text[: area.start()], text[area.end() :])
    return {
        "phone": phone,
        "postcode": area["code"] or area["code2"] or "",
        "level1": area["l1"],
        "level2": area["l2"] or "",
        "recipient": name,
        "street": street,
    }


def _around(before: str, after: str) -> tuple[str, str]:
    """Return (recipient, street) of what stands before and after the area."""
    name, rest = _name_and_rest(before)
    if name:
        return name, f"{rest} {after}"
    pieces = [piece for piece in _GAPS.split(after) if piece]
    if len(pieces) > 1 and _CJK_NAME.fullmatch(pieces[-1]) and len(pieces[-1]) <= 4:
        return pieces[-1], " ".join(pieces[:-1])
    return "", f"{before} {after}"


def _name_and_rest(text: str) -> tuple[str, str]:
    """Take a leading name of letters only; everything else stays as it was."""
    pieces = [piece for piece in _GAPS.split(text) if piece]
    taken: list[str] = []
    while pieces and _CJK_NAME.fullmatch(pieces[0]) and (not taken or taken[-1].isascii()):
        if taken and not pieces[0].isascii():
            break
        taken.append(pieces.pop(0))
    return " ".join(taken), " ".join(pieces)


def _american(text: str, country: str) -> dict[str, str]:
    text = re.sub(r",?\s*(?:USA|U\.S\.A\.|United States(?: of America)?)\.?\s*$", "", text.strip())
    states = "|".join(sorted([*US_STATES, *US_STATES.values()], key=len, reverse=True))
    end = re.search(
        rf"[,\s]+(?P<state>{states})\.?[,\s]+(?P<zip>\d{{5}}(?:-\d{{4}})?)\s*$", text, re.IGNORECASE
    )
    fields: dict[str, str] = {}
    if end:
        text = text[: end.start()]
        fields = {"level1": end["state"], "postcode": end["zip"]}
    pieces = [piece for piece in re.split(r"\s*[,\n]\s*", text.strip()) if piece]
    if len(pieces) > 1 and not re.search(r"\d", pieces[0]):
        fields["recipient"] = pieces.pop(0)
    if end and len(pieces) > 1:
        fields["level2"] = pieces.pop()
    fields["street"] = ", ".join(pieces)
    return fields


def _european(text: str, country: str) -> dict[str, str]:
    pattern = POSTCODES[country][0]
    pieces = [piece for piece in re.split(r"\s*[,\n]\s*", text.strip()) if piece]
    fields: dict[str, str] = {}
    for index in range(len(pieces) - 1, -1, -1):
        found = re.fullmatch(
            rf"(?:{country}?[A-Z]?-)?(?P<code>{pattern})\s+(?P<city>[^\d]+)",
            pieces[index],
            re.IGNORECASE,
        ) or re.fullmatch(rf"(?P<city>[^\d]+?)\s+(?P<code>{pattern})", pieces[index], re.IGNORECASE)
        if found:
            fields = {"postcode": found["code"], "level2": found["city"]}
            pieces = pieces[:index]
            break
    if len(pieces) > 1 and not re.search(r"\d", pieces[0]):
        fields["recipient"] = pieces.pop(0)
    fields["street"] = ", ".join(pieces)
    return fields


_READERS: dict[str, Callable[[str, str], dict[str, str]]] = {
    "CN": _mainland,
    "TW": _taiwan,
    "US": _american,
}
