# fmt: off
"""Check a proof file: ``python verifier.py FILE``. Needs Python 3.11, and nothing of Banyan.
It holds the result against the fingerprints that stand under "published" in the file. That they
are the ones which you saw beforehand, only you can compare."""
import hashlib
import hmac
import json
import sys
from bisect import bisect
from itertools import accumulate, count, islice, pairwise
from typing import Any


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
def _sha(value: Any) -> str:
    return hashlib.sha256(value if type(value) is bytes else _text(value).encode()).hexdigest()
def _stream(seed: bytes, label: str) -> Any:
    key = hmac.digest(seed, label.encode(), "sha256")
    return (byte for n in count() for byte in hmac.digest(key, n.to_bytes(8, "big"), "sha256"))
def _below(limit: int, source: Any) -> int:
    bits = (limit - 1).bit_length()
    tries = (int.from_bytes(islice(source, (bits + 7) // 8)) % (1 << bits) for _ in range(999))
    return next(value for value in tries if value < limit)
def _order(things: list[Any], weights: list[int], source: Any, many: int) -> Any:
    for equal in [max(weights, default=1) == 1] * min(many, len(things)):
        ends = range(1, len(things) + 1) if equal else [*accumulate(weights)]
        i = bisect(ends, _below(ends[-1], source))
        yield (things.pop(i), weights.pop(i))[0]
def _cut(total: int, n: int, least: int, most: int, source: Any) -> list[Any]:
    shares, spare = [least] * n, total - least * n
    while spare:
        room, cuts = [i for i in range(n) if shares[i] < most], {0}
        while len(cuts) < len(room):
            cuts.add(1 + _below(spare + len(room) - 1, source))
        for i, (a, b) in zip(room, pairwise([*sorted(cuts), spare + len(room)]), strict=True):
            shares[i] += b - a - 1
        spare, shares = sum(max(0, s - most) for s in shares), [min(s, most) for s in shares]
    return shares
def _mean(total: int, n: int, least: int, most: int, source: Any) -> list[Any]:
    low, high = max(least, total - (n - 1) * most), min(most, 2 * total // n - least)
    share = low + _below(high - low + 1, source) if n > 1 else total
    return [share, *(_mean(total - share, n - 1, least, most, source) if n > 1 else [])]
def _parts(t: Any, seed: bytes, file: Any) -> tuple[bool, Any]:
    n, total, limits = t["count"], t["total"], (t["least"], t["most"], _stream(seed, "parts"))
    curve = [k + (total - n) * k * (3 * n - k) // (2 * n * n) for k in range(n + 1)]
    parts = {"equal/1": lambda: [total // n + (k < total % n) for k in range(n)],
             "front/1": lambda: [b - a for a, b in pairwise(curve)],
             "tiered/1": lambda: [value for value, many in t["tiers"] for _ in range(many)],
             "line-cut/1": lambda: _cut(total, n, *limits),
             "lucky/1": lambda: _cut(total - t["top"], n - 1, *limits),
             "double-mean/1": lambda: _mean(total, n, *limits)}[t["rule"]]()
    if t["rule"] not in ("equal/1", "front/1"):
        parts = [*_order(parts, [1] * len(parts), limits[2], n)]
    if t["rule"] == "lucky/1":
        parts.insert(t["first"] - 1 + _below(t["last"] - t["first"] + 1, limits[2]), t["top"])
    return _sha([seed.hex(), file["result"]]) == file["published"]["parts"], parts
def _turns(t: Any, seed: bytes, file: Any) -> tuple[bool, Any]:
    prizes, head, turns = {name: rest for name, *rest in t["prizes"]}, _sha(t), list[Any]()
    names, ends = [*prizes], [*accumulate(weight for weight, _, _ in prizes.values())]
    for n, (who, _) in enumerate(file["result"]):
        prize = names[bisect(ends, _below(ends[-1], _stream(seed, f"{n}|{who}")))]
        for _ in names:
            prize = prizes[prize][2] if prizes[prize][1] == 0 else prize
        prizes[prize][1] = prizes[prize][1] and prizes[prize][1] - 1  # null: without end
        head = _sha([head, n, who, prize])
        turns.append([who, prize])
    return head == file["published"]["head"], turns
def _root(entries: list[Any]) -> str:
    if len(entries) < 2:
        return _sha("".join("\0" + "\n".join(map(str, entry)) for entry in entries).encode())
    half = 1 << ((len(entries) - 1).bit_length() - 1)
    return _sha(bytes.fromhex("01" + _root(entries[:half]) + _root(entries[half:])))
def _draw(t: Any, seed: bytes, file: Any) -> tuple[bool, Any]:
    entries, voids, luck, told = (file[k] for k in ("entries", "voids", "randomness", "published"))
    names, weights, root = [e[0] for e in entries], [e[1] for e in entries], _root(entries)
    once = names == sorted({*names} - {v[0] for v in voids}, key=str.encode)
    said, many = bytes.fromhex(file["signature"]), t["runners"] + sum(n for _, n in t["prizes"])
    frozen = [root, _sha(voids), said and _sha(said)] == [told["root"], told["voids"], luck or said]
    ok = said.hex() == file["signature"] and (t["source"] == "beacon" or not said)
    source, ok = _stream(seed, f"{root}|{luck}|{t['subject']}"), ok and min([1, *weights]) == 1
    return once and frozen and ok, [*_order(names, weights, source, many)]
def verify(text: str) -> dict[str, bool]:
    """Return what was looked at, and whether it is as it must be; raises on other files."""
    file = json.loads(text)
    form = [_text(file), file["format"]] == [text.rstrip("\n"), "banyan-proof/1"]
    if "entry" in file:
        node = _root([file["entry"]])
        for side, other in file["steps"]:
            node = _sha(bytes.fromhex("01" + {"left": other + node, "right": node + other}[side]))
        return {"form": form, "frozen": node == file["published"]["root"]}
    t, seed, told = file["terms"], bytes.fromhex(file["seed"]), file["published"]
    kept, made = (_draw if "voids" in file else _turns if "prizes" in t else _parts)(t, seed, file)
    return {"form": form, "seed": [_sha(seed), seed.hex()] == [told["seed"], file["seed"]],
            "terms": _sha(t) == told["terms"], "frozen": kept, "result": made == file["result"]}
if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as opened:
        checked = verify(opened.read())
    print(*(f"{'ok' if good else 'WRONG':6}{what}" for what, good in checked.items()), sep="\n")
    sys.exit(not all(checked.values()))
