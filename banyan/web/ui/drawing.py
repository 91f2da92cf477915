"""How a component is drawn."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

from django.template import engines
from markupsafe import Markup

if TYPE_CHECKING:
    from banyan.web.ui.environment import Languages

P = ParamSpec("P")
PARTS = "ui/components/"


def draw(template: str, values: dict[str, Any]) -> Markup:
    """Draw a template in the language that is active, with ``values`` and nothing else."""
    languages: Languages = engines["jinja2"].env  # type: ignore[attr-defined]  # Jinja2's has it
    return languages.get_template(template).draw(values)


def component(template: str) -> Callable[[Callable[P, dict[str, Any]]], Callable[P, Markup]]:
    """Make a function that returns values one that draws them with ``ui/components/template``."""
    name = PARTS + template

    def make(values: Callable[P, dict[str, Any]]) -> Callable[P, Markup]:
        @wraps(values)
        def drawn(*args: P.args, **kwargs: P.kwargs) -> Markup:
            return draw(name, values(*args, **kwargs))

        return drawn

    return make
