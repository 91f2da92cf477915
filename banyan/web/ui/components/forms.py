"""Components for forms: fields, error summary, stepper, staged upload, tag placing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.forms.boundfield import BoundField
from django.forms.forms import BaseForm
from django.forms.widgets import CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.utils.translation import get_language
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from banyan.web.ui.drawing import PARTS, component, draw


@component("field.html")
def field(
    bound: BoundField, help: str = "", *, label: str = "", classname: str = "", **attrs: Any
) -> dict[str, Any]:
    """Draw a Django field with label, help and errors, tied together for readers.

    Further keywords go to the widget: ``autocomplete="email"``, ``inputmode="numeric"``.
    """
    told = help or bound.help_text
    ident = bound.id_for_label or bound.auto_id or bound.html_name
    described = [f"{ident}-error"] if bound.errors else []
    described += [f"{ident}-help"] if told else []
    wanted = {name.replace("_", "-"): value for name, value in attrs.items()}
    if described:
        wanted["aria-describedby"] = " ".join(described)
    if bound.errors:
        wanted["aria-invalid"] = "true"
    widget = bound.field.widget
    return {
        "bound": bound,
        "label": label or bound.label,
        "help": told,
        "ident": ident,
        "classname": classname,
        "widget": bound.as_widget(attrs=wanted),
        "is_check": isinstance(widget, CheckboxInput),
        "is_group": isinstance(widget, RadioSelect | CheckboxSelectMultiple),
        "hidden": bound.is_hidden,
    }


def fields(form: BaseForm) -> Markup:
    """Draw all fields of a form in order, the hidden ones silently."""
    return Markup("").join(field(bound) for bound in form)


def plain_field(
    name: str,
    label: str,
    value: Any = "",
    *,
    type: str = "text",
    help: str = "",
    error: str = "",
    optional: bool = False,
    classname: str = "",
    **attrs: Any,
) -> str:
    """Draw an input that no Django form stands behind; ``error`` marks it invalid.

    An empty one is the same for everybody: it is drawn once per language and repeated.
    """
    rest = tuple((key, str(given)) for key, given in attrs.items())
    draw = _draw_field.__wrapped__ if value or error else _draw_field
    return draw(
        get_language(), name, str(label), value, type, str(help), str(error), optional, classname,
        rest,
    )  # fmt: skip


@lru_cache(maxsize=500, typed=True)
def _draw_field(
    language: str | None,
    name: str,
    label: str,
    value: Any,
    type: str,
    help: str,
    error: str,
    optional: bool,
    classname: str,
    attrs: tuple[tuple[str, str], ...],
) -> Markup:
    extra = dict(attrs)
    ident = extra.pop("id", f"f-{name}")
    described = ([f"{ident}-error"] if error else []) + ([f"{ident}-help"] if help else [])
    return draw(
        PARTS + "plain_field.html",
        {
            "name": name,
            "label": label,
            "value": value,
            "type": type,
            "help": help,
            "error": error,
            "optional": optional,
            "classname": classname,
            "ident": ident,
            "described": " ".join(described),
            "extra": {key.replace("_", "-"): given for key, given in extra.items()},
        },
    )


@component("form_errors.html")
def form_errors(form: BaseForm) -> dict[str, Any]:
    """Sum up what a refused form (422) wants, with links to the fields; nothing if it is fine."""
    listed = [
        (bound.id_for_label or bound.auto_id, bound.label, error)
        for bound in form
        if form.is_bound
        for error in bound.errors
    ]
    return {"general": form.non_field_errors() if form.is_bound else [], "listed": listed}


@component("stepper.html")
def stepper(
    name: str,
    label: str,
    value: int = 1,
    min: int = 1,
    max: int | None = None,
    *,
    submit: bool = False,
) -> dict[str, Any]:
    """Ask for a quantity with buttons round a number; ``submit`` sends the form on change."""
    return {"name": name, "label": label, "value": value, "min": min, "max": max, "submit": submit}


@component("choices.html")
def choices(
    name: str, legend: str, options: Sequence[Any], *, required: bool = True
) -> dict[str, Any]:
    """Choose one variant as chips: options are dicts of value, text, checked, sold_out."""
    return {"name": name, "legend": legend, "options": options, "required": required}


@component("upload.html")
@pass_context
def upload(
    context: Context,
    name: str,
    url: str,
    label: str,
    *,
    staged: Sequence[Any] = (),
    max: int = 9,
    help: str = "",
    error: str = "",
    described: bool = False,
) -> dict[str, Any]:
    """Stage pictures as they are chosen; the form then carries tokens in hidden ``name`` inputs.

    Each file goes to ``url`` as multipart ``file`` and is answered by JSON ``{token, thumb_url,
    alt?}`` or a problem with ``detail``. ``staged`` are dicts of token, thumb_url, name and keep
    a refused form's pictures. Without script the file input named ``{name}_files`` is sent.
    ``described`` asks what each picture shows: text inputs named ``{name}_alt_{token}``.
    """
    return {
        "name": name,
        "url": url,
        "label": label,
        "staged": staged,
        "max": max,
        "help": help,
        "error": error,
        "described": described,
        "csrf_token": context.get("csrf_token"),
    }


@component("tag_placer.html")
def tag_placer(pic: Any, name: str, label: str, x: float = 0.5, y: float = 0.5) -> dict[str, Any]:
    """Place a tag by a tap or by typing; sends ``{name}_x``, ``{name}_y`` (0-100)."""
    return {"pic": pic, "name": name, "label": label, "x": round(x * 100), "y": round(y * 100)}
