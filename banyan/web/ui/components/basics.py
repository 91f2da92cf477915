"""Components for small things and boxes: icon, button, badge, chip, card, table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Undefined
from markupsafe import Markup, escape

from banyan.web.ui import icons


def attributes(given: Mapping[str, Any]) -> Markup:
    """Turn ``hx_post="..."`` into ``hx-post="..."``; True is bare; None, False, "" are left out."""
    drawn = []
    for key, value in given.items():
        if value in (None, False, "") or isinstance(value, Undefined):
            continue
        name = escape(key.rstrip("_").replace("_", "-"))
        drawn.append(f" {name}" if value is True else f' {name}="{escape(value)}"')
    return Markup("".join(drawn))  # noqa: S704 - escaped above


_FACE = Markup(
    '<span class="avatar avatar-s"><img src="%s" alt="" width="26" height="26"'
    ' loading="lazy" decoding="async"></span>'
)
_TABLE = Markup(
    '<div class="table-wrap" role="region" tabindex="0" aria-label="%s">'
    '<table class="table%s">%s%s</table></div>'
)


def icon(name: str, classname: str = "", label: str = "") -> Markup:
    """Draw an icon of ``icons.PATHS``; give ``label`` only where no text says it."""
    return icons.icon(name, classname=classname, label=label)


def mark() -> Markup:
    """Draw the banyan mark."""
    return icons.mark()


def button(
    text: str,
    kind: str = "primary",
    *,
    href: str = "",
    icon: str = "",
    wide: bool = False,
    small: bool = False,
    type: str = "submit",
    classname: str = "",
    **attrs: Any,
) -> Markup:
    """Draw a button, or with ``href`` a link that looks like one.

    ``kind``: primary (one a view), secondary, quiet, danger, text. Further keywords become
    attributes: ``data_copy="#x"``, ``hx_post=url``, ``name="act"``, ``value="pay"``.
    """
    classes = f"btn btn-{kind}{' btn-wide' if wide else ''}{' btn-s' if small else ''}"
    classes = f"{classes} {classname}".strip()
    drawn = icons.icon(icon) if icon else ""
    extra = attributes(attrs)
    if href:
        link = Markup('<a class="%s" href="%s"%s>%s<span>%s</span></a>')
        return link % (classes, href, extra, drawn, text)
    made = Markup('<button class="%s" type="%s"%s>%s<span>%s</span></button>')
    return made % (classes, type, extra, drawn, text)


def link_button(text: str, href: str, kind: str = "secondary", **options: Any) -> Markup:
    """Draw a link that looks like a button."""
    return button(text, kind, href=href, **options)


def badge(text: Any, tone: str = "", icon: str = "") -> Markup:
    """Draw a small label; ``tone``: "" (plain), good, gold, bad, ink."""
    return Markup('<span class="badge%s">%s%s</span>') % (
        f" badge-{tone}" if tone else "",
        icons.icon(icon) if icon else "",
        text,
    )


def chip(
    text: Any,
    href: str = "",
    *,
    selected: bool = False,
    icon: str = "",
    face: str = "",
    **attrs: Any,
) -> Markup:
    """Draw a filter chip: a link with ``href``, else a toggle button.

    ``face`` is the address of a small picture that stands in place of ``icon``.
    """
    drawn = icons.icon(icon) if icon else Markup("")
    if face:
        drawn = _FACE % face
    extra = attributes(attrs)
    if href:
        now = attributes({"aria_current": "true" if selected else ""})
        return Markup('<a class="chip" href="%s"%s%s>%s%s</a>') % (href, now, extra, drawn, text)
    made = Markup('<button class="chip" type="button" aria-pressed="%s"%s>%s%s</button>')
    return made % ("true" if selected else "false", extra, drawn, text)


def card(
    title: str = "", classname: str = "", ident: str = "", *, caller: Callable[[], Markup]
) -> Markup:
    """`{% call ui.card("Title") %}...{% endcall %}`: a surface with a hairline."""
    heading = Markup("<h2>%s</h2>") % title if title else ""
    return Markup('<section class="card %s"%s>%s%s</section>') % (
        classname,
        attributes({"id": ident}),
        heading,
        caller(),
    )


def table(
    caption: str = "", label: str = "", stack: bool = False, *, caller: Callable[[], Markup]
) -> Markup:
    """`{% call ui.table("Caption") %}<thead>...<tbody>...{% endcall %}`, scrolling by itself.

    ``stack`` turns rows into small cards on a phone: give cells ``data-label``. Figures: class num.
    """
    return _TABLE % (
        label or caption,
        " table-stack" if stack else "",
        Markup("<caption>%s</caption>") % caption if caption else "",
        caller(),
    )


def actions(*, caller: Callable[[], Markup]) -> Markup:
    """`{% call ui.actions() %}`: the bar of calls to action; fixed below on a phone."""
    return Markup('<div class="actions">%s</div>') % caller()
