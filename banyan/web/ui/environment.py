"""The Jinja2 environments of our pages, one for each language.

``_()`` and ``{% trans %}`` read the same catalogues as Django's own; message ids are the same.
A template is compiled for a language, and what is fixed in it is text by then (``folding``).
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from datetime import date, datetime
from typing import Any, cast

import jinja2
from django.conf import settings
from django.core.signals import setting_changed
from django.template import defaultfilters
from django.utils import timezone
from django.utils.html import json_script
from django.utils.translation import get_language, trans_real
from django_htmx.jinja import django_htmx_script
from jinja2.runtime import Context, Macro
from markupsafe import Markup

from banyan.kernel import clock
from banyan.web.ui import addresses
from banyan.web.ui.components import UI
from banyan.web.ui.components.figures import compact, money_filter, percent, whole
from banyan.web.ui.folding import FoldingGenerator


class PageContext(Context):
    """A context that calls plain functions without ceremony."""

    def call(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call; what wants the context, and a macro, goes Jinja2's own way."""
        if getattr(call, "jinja_pass_arg", None) is None and not isinstance(call, Macro):
            kwargs.pop("_block_vars", None)  # what only a function with the context would see
            kwargs.pop("_loop_vars", None)
            return call(*args, **kwargs)
        return super().call(call, *args, **kwargs)


class PageTemplate(jinja2.Template):
    """A template that can be drawn as a part of a page."""

    def draw(self, values: dict[str, Any]) -> Markup:
        """Draw with ``values`` alone; what comes out is not escaped again."""
        pages = self.environment
        context = pages.context_class(pages, {**self.globals, **values}, self.name, self.blocks)
        drawn = "".join(self.root_render_func(context))
        return Markup(drawn)  # noqa: S704 - the template has escaped its values


class Words(dict[str, Markup]):
    """What literals are in one language, each looked up once.

    A translation is written by us, as the template around it is, so it is not escaped.
    """

    def __init__(self, language: str) -> None:
        self.catalogue = trans_real.translation(language)

    def __missing__(self, message: str) -> Markup:
        text = self[message] = Markup(self.catalogue.gettext(message))  # noqa: S704 - see above
        return text

    def gettext(self, message: str, **values: Any) -> Markup:
        """Say ``message``, its blanks filled with escaped ``values``."""
        return self[message] % values

    def ngettext(self, singular: str, plural: str, number: int, **values: Any) -> Markup:
        """Say what fits ``number``, its blanks filled with escaped ``values``."""
        text = self.catalogue.ngettext(singular, plural, number)
        return Markup(text) % values  # noqa: S704 - see above

    def pgettext(self, context: str, message: str, **values: Any) -> Markup:
        """Say ``message`` as ``context`` means it."""
        text = self.catalogue.pgettext(context, message)
        return Markup(text) % values  # noqa: S704 - see above


class Pages(jinja2.Environment):
    """The environment of one language.

    A name or field that is missing prints nothing, is false, and is ``none`` to a test. A template
    that was found is kept, but in development, where templates are read anew when they change.
    """

    code_generator_class = FoldingGenerator
    context_class = PageContext
    template_class = PageTemplate

    def __init__(self, language: str, **options: Any) -> None:
        options["undefined"] = jinja2.ChainableUndefined
        super().__init__(extensions=["jinja2.ext.i18n"], **options)
        words = Words(language)
        self.newstyle_gettext = True
        self.kept: dict[str, PageTemplate] = {}
        self.absent: set[str] = set()
        self.globals = {
            "_": words.__getitem__,
            "find_url": addresses.find_url,
            "gettext": words.gettext,
            "django_htmx_script": django_htmx_script,
            "language": lambda: language,
            "ngettext": words.ngettext,
            "pgettext": words.pgettext,
            "static": addresses.static,
            "ui": UI,
            "url": addresses.url,
        }
        self.filters |= FILTERS
        self.tests["none"] = is_none

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Hand out the one plain mapping: every drawing copies it."""
        return super().make_globals(d) if d else self.globals

    def get_template(
        self,
        name: str | jinja2.Template,
        parent: str | None = None,
        globals: MutableMapping[str, Any] | None = None,
    ) -> PageTemplate:
        """Return a template. What is not ours is Django's, and is asked for again and again."""
        if isinstance(name, PageTemplate):
            return name
        asked = str(name)
        found = self.kept.get(asked)
        if found is not None:
            return found
        if asked in self.absent:
            raise jinja2.TemplateNotFound(asked)
        try:
            found = cast(PageTemplate, super().get_template(asked, parent, globals))
        except jinja2.TemplateNotFound as missing:
            if not self.auto_reload and missing.name == asked:
                self.absent.add(asked)
            raise
        if not self.auto_reload:
            self.kept[asked] = found
        return found


class Languages:
    """What Django's backend holds as its environment: that of the language which is active."""

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.made: dict[tuple[str | None, str], Pages] = {}
        setting_changed.connect(self._forget)

    def pages(self) -> Pages:
        """Return the environment of the active language."""
        key = get_language(), settings.ROOT_URLCONF
        found = self.made.get(key)
        if found is None:
            language = key[0] or settings.LANGUAGE_CODE
            found = self.made[key] = Pages(language, **self.options)
        return found

    def get_template(self, name: str) -> PageTemplate:
        """Return a template in the active language; raises TemplateNotFound."""
        return self.pages().get_template(name)

    def from_string(self, source: str) -> PageTemplate:
        """Compile ``source`` for the active language."""
        return cast(PageTemplate, self.pages().from_string(source))

    def _forget(self, *, setting: str, **_: Any) -> None:
        if setting in addresses.DECIDING:
            self.made.clear()


def is_none(value: object) -> bool:
    """Tell whether a value is None or missing."""
    return value is None or isinstance(value, jinja2.Undefined)


def date_text(value: date | datetime | None, form: str | None = None) -> str:
    """Format a date or time in the active time zone; nothing for none."""
    return str(defaultfilters.date(_here(value), form)) if value else ""


def _here(value: date | datetime) -> date | datetime:
    if isinstance(value, datetime) and timezone.is_aware(value):
        return timezone.localtime(value)
    return value


def moment_text(value: datetime | None, form: str = "%Y-%m-%d %H:%M") -> str:
    """Write a moment and its time zone; nothing for none."""
    return clock.told(value, form) if value else ""


FILTERS: dict[str, Callable[..., Any]] = {
    "capfirst": defaultfilters.capfirst,
    "compact": compact,
    "date": date_text,
    "floatformat": defaultfilters.floatformat,
    "json_script": json_script,
    "linebreaks": defaultfilters.linebreaks_filter,
    "linebreaksbr": defaultfilters.linebreaksbr,
    "moment": moment_text,
    "money": money_filter,
    "percent": percent,
    "truncatechars": defaultfilters.truncatechars,
    "urlencode": defaultfilters.urlencode,
    "whole": whole,
}
