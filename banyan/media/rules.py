"""Pure rules of pictures: kinds of file, sizes of renditions, qualities, colours, names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

WIDTHS = (240, 360, 480, 720, 1080)
FIRST_WIDTH = 480
EAGER_WIDTHS = (360, 720)
CARD_WIDTH = 720
CARD_BYTES = 120 * 1024
LONGEST_SIDE_RATIO = 20
MAX_RENDITION_HEIGHT = 16_000  # WebP ends at 16,383

MIME = {"avif": "image/avif", "webp": "image/webp", "jpeg": "image/jpeg"}
SUFFIX = {"avif": ".avif", "webp": ".webp", "jpeg": ".jpg"}
QUALITIES = {
    "avif": (55, 45, 36, 28, 20),
    "webp": (75, 65, 55, 45, 35, 25, 15),
    "jpeg": (80, 70, 60, 50, 40, 30),
}

# Pillow's names of the formats that are taken.
TAKEN = frozenset({"JPEG", "PNG", "WEBP", "AVIF"})
_HEIF_BRANDS = frozenset(
    {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1"}
)
_PREFIXES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"BM", "BMP"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL"),
)


def sniff(head: bytes) -> str | None:
    """Return what the first bytes (256 are enough) say: a name of TAKEN, or HEIC, GIF, TIFF,
    BMP, JPEG XL, SVG; None for anything else. File names and declared types are not asked."""
    for prefix, name in _PREFIXES:
        if head.startswith(prefix):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        return _sniff_boxes(head)
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith(b"<svg") or (
        text.startswith((b"<?xml", b"<!doctype svg")) and b"svg" in text
    ):
        return "SVG"
    return None


def _sniff_boxes(head: bytes) -> str | None:
    """Tell AVIF from HEIC by the brands of the file type box."""
    size = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, size - 3, 4))}
    if brands & {b"avif", b"avis"}:
        return "AVIF"
    return "HEIC" if brands & _HEIF_BRANDS else None


VIDEO_MIME = {"mp4": "video/mp4", "webm": "video/webm"}
_MP4_BRANDS = frozenset(
    {
        b"isom",
        b"iso2",
        b"iso4",
        b"iso5",
        b"iso6",
        b"mp41",
        b"mp42",
        b"avc1",
        b"M4V ",
        b"M4VH",
        b"MSNV",
    }
)


def sniff_video(head: bytes) -> str | None:
    """Return mp4 or webm by the first bytes (64 are enough), None for anything else."""
    if head[4:8] == b"ftyp" and head[8:12] in _MP4_BRANDS:
        return "mp4"
    if head[:4] == b"\x1a\x45\xdf\xa3" and b"\x42\x82\x84webm" in head[:64]:
        return "webm"
    return None


@dataclass(frozen=True, slots=True)
class Wanted:
    """One rendition to make: ``fmt`` avif, webp or jpeg; pixels; the most bytes it may have."""

    fmt: str
    width: int
    height: int
    cap: int | None


def sizes_of(width: int, height: int) -> list[tuple[int, int]]:
    """Return the sizes of the renditions of a picture, smallest first. Nothing is enlarged.

    A picture narrower than 1080 ends with its own width. There is always at least one size.
    """
    widths = [w for w in WIDTHS if w < width] + [min(width, WIDTHS[-1])]
    sizes = [(w, max(1, round(height * w / width))) for w in dict.fromkeys(widths)]
    return [size for size in sizes if size[1] <= MAX_RENDITION_HEIGHT] or sizes[:1]


def first_size(width: int, height: int) -> tuple[int, int]:
    """Return the size that is made at once: 480 wide, or what comes nearest below."""
    return [size for size in sizes_of(width, height) if size[0] <= FIRST_WIDTH][-1]


def wanted(width: int, height: int) -> Iterator[Wanted]:
    """Yield every rendition of a picture: AVIF and WebP of all sizes, JPEG 480 and largest."""
    sizes = sizes_of(width, height)
    jpegs = {first_size(width, height), sizes[-1]}
    for fmt in ("webp", "jpeg", "avif"):
        for size in sizes:
            if fmt != "jpeg" or size in jpegs:
                yield Wanted(fmt, *size, cap=cap_of(size[0]))


def cap_of(width: int) -> int | None:
    """Return the most bytes of a rendition that feed cards may load; None for large ones."""
    return CARD_BYTES if width <= CARD_WIDTH else None


def qualities(fmt: str, cap: int | None) -> Sequence[int]:
    """Return the qualities to try, best first; without a cap only the first."""
    return QUALITIES[fmt] if cap else QUALITIES[fmt][:1]


_EDGES = (49, 87, 125, 162, 196, 225)


def palette_number(red: int, green: int, blue: int) -> int:
    """Return the number (0-62) of the placeholder class for an average colour (0-255 each).

    Seven steps of BT.601 brightness, three of each colour difference: the palette that the
    design system paints (``ph-NN``). Averages of photographs are muted, so a cube of red, green
    and blue would waste most of 64 classes on loud colours.
    """
    luma = (299 * red + 587 * green + 114 * blue) // 1000
    level = sum(luma >= edge for edge in _EDGES)
    return level * 9 + _step(564 * (blue - luma)) * 3 + _step(713 * (red - luma))


def _step(difference: int) -> int:
    return 1 + (difference > 11_000) - (difference < -11_000)


def content_name(folder: str, data: bytes, *, salt: str, suffix: str) -> str:
    """Return the name of a file whose content never changes: ``folder/ab/<38 hex><suffix>``.

    The salt keeps one owner's files apart from another's, so that removing a file of one can
    never take it from the other, and nobody learns from a name what somebody else keeps.
    """
    digest = sha256(salt.encode() + b"\0" + data).hexdigest()[:40]
    return f"{folder}/{digest[:2]}/{digest[2:]}{suffix}"
