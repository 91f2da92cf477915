"""Tags for small things and boxes: icon, button, badge, chip, card, table, sheet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from banyan.web.ui import icons

register = template.Library()
PARTS = "ui/components/"


def attributes(given: Mapping[str, Any]) -> SafeString:
    """Turn ``hx_post="..."`` into ``hx-post="..."``; True is bare; None, False, "" are left out."""
    pairs = [
        (name.rstrip("_").replace("_", "-"), value)
        for name, value in given.items()
        if value not in (None, False, "")
    ]
    return format_html_join(
        "",
        "{}",
        (
            (format_html(" {}", name) if value is True else format_html(' {}="{}"', name, value),)
            for name, value in pairs
        ),
    )


@register.simple_tag
def icon(name: str, classname: str = "", label: str = "") -> SafeString:
    """Draw an icon of ``icons.PATHS``; give ``label`` only where no text says it."""
    return icons.icon(name, classname=classname, label=label)


@register.simple_tag
def mark() -> SafeString:
    """Draw the banyan mark."""
    return icons.mark()


@register.simple_tag
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
) -> SafeString:
    """Draw a button, or with ``href`` a link that looks like one.

    ``kind``: primary (one a view), secondary, quiet, danger, text. Further keywords become
    attributes: ``data_copy="#x"``, ``hx_post=url``, ``name="act"``, ``value="pay"``.
    """
    classes = f"btn btn-{kind}{' btn-wide' if wide else ''}{' btn-s' if small else ''}"
    classes = f"{classes} {classname}".strip()
    inside = format_html("{}<span>{}</span>", icons.icon(icon) if icon else "", text)
    extra = attributes(attrs)
    if href:
        return format_html('<a class="{}" href="{}"{}>{}</a>', classes, href, extra, inside)
    return format_html('<button class="{}" type="{}"{}>{}</button>', classes, type, extra, inside)


@register.simple_tag
def link_button(text: str, href: str, kind: str = "secondary", **options: Any) -> SafeString:
    """Draw a link that looks like a button."""
    return button(text, kind, href=href, **options)


@register.simple_tag
def badge(text: Any, tone: str = "", icon: str = "") -> SafeString:
    """Draw a small label; ``tone``: "" (plain), good, gold, bad, ink."""
    return format_html(
        '<span class="badge{}">{}{}</span>',
        f" badge-{tone}" if tone else "",
        icons.icon(icon) if icon else "",
        text,
    )


@register.simple_tag
def chip(
    text: Any,
    href: str = "",
    *,
    selected: bool = False,
    icon: str = "",
    face: str = "",
    **attrs: Any,
) -> SafeString:
    """Draw a filter chip: a link with ``href``, else a toggle button.

    ``face`` is the address of a small picture that stands in place of ``icon``.
    """
    drawn = icons.icon(icon) if icon else ""
    if face:
        drawn = format_html(
            '<span class="avatar avatar-s"><img src="{}" alt="" width="26" height="26"'
            ' loading="lazy" decoding="async"></span>',
            face,
        )
    inside = format_html("{}{}", drawn, text)
    extra = attributes(attrs)
    if href:
        now = mark_safe(' aria-current="true"') if selected else ""
        return format_html('<a class="chip" href="{}"{}{}>{}</a>', href, now, extra, inside)
    return format_html(
        '<button class="chip" type="button" aria-pressed="{}"{}>{}</button>',
        "true" if selected else "false",
        extra,
        inside,
    )


@register.simple_block_tag
def card(content: str, title: str = "", classname: str = "", ident: str = "") -> SafeString:
    """`{% card "Title" %}...{% endcard %}`: a surface with a hairline."""
    heading = format_html("<h2>{}</h2>", title) if title else ""
    return format_html(
        '<section class="card {}"{}>{}{}</section>',
        classname,
        attributes({"id": ident}),
        heading,
        conditional_escape(content),
    )


@register.simple_block_tag
def table(content: str, caption: str = "", label: str = "", stack: bool = False) -> SafeString:
    """`{% table "Caption" %}<thead>...<tbody>...{% endtable %}`, scrolling by itself.

    ``stack`` turns rows into small cards on a phone: give cells ``data-label``. Figures: class num.
    """
    return format_html(
        '<div class="table-wrap" role="region" tabindex="0" aria-label="{}">'
        '<table class="table{}">{}{}</table></div>',
        label or caption,
        " table-stack" if stack else "",
        format_html("<caption>{}</caption>", caption) if caption else "",
        conditional_escape(content),
    )


@register.simple_block_tag
def sheet(content: str, ident: str, title: str, close: str = "") -> SafeString:
    """`{% sheet "share" _("Share") %}...{% endsheet %}`: opened by `sheet_link`."""
    return render_to_string(
        f"{PARTS}sheet.html", {"ident": ident, "title": title, "content": content}
    )


@register.simple_tag
def sheet_link(
    text: str, ident: str, href: str, kind: str = "secondary", **options: Any
) -> SafeString:
    """Link to ``href``, which with script opens the sheet ``ident`` of this page instead."""
    return button(text, kind, href=href, data_sheet=ident, aria_haspopup="dialog", **options)


@register.simple_block_tag
def actions(content: str) -> SafeString:
    """`{% actions %}`: the bar of calls to action; fixed below on a phone."""
    return format_html('<div class="actions">{}</div>', conditional_escape(content))
