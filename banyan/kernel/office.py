"""The back office: rows are read here, and changed only by acts that ask for a reason.

A package's ``admin.py`` registers its tables on :class:`OfficeAdmin`. There is no way to add,
change or delete a row: those addresses do not exist. A button is an :class:`Act`, which calls an
action of the package with the actor and a typed reason; the action writes the audit entry.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.filters import AllValuesFieldListFilter, ChoicesFieldListFilter
from django.contrib.admin.utils import display_for_field, label_for_field, lookup_field
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

from . import clock
from .actors import Actor
from .http import actor
from .ids import new_code
from .labels import CODED, LABELS, WORDS
from .money import Money, format_money
from .problems import Invalid, NotFound, Problem

Text = str | Promise
READS = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Ask:
    """A field of an act's form besides the reason; ``choices`` of a row make it a list.

    ``long`` is for texts of several lines.
    """

    name: str
    label: Text
    help: Text = ""
    choices: Callable[[Any], Sequence[tuple[str, Text]]] | None = None
    initial: Callable[[Any], str] = lambda row: ""
    long: bool = False


@dataclass(frozen=True, slots=True)
class Errand:
    """A filled-in form: who wants what done to which row, why; ``token`` is the form's own."""

    actor: Actor
    row: Any
    reason: str
    answers: Mapping[str, str]
    token: str


@dataclass(frozen=True, slots=True)
class Act:
    """A button. ``run`` calls an action; it may return the row to show afterwards, or a file.

    ``roles`` may press it (the owner always may); ``offered`` tells whether it makes sense for a
    row; ``explains`` says in one sentence what will happen; ``done`` is said afterwards.
    """

    name: str
    label: Text
    run: Callable[[Errand], models.Model | HttpResponse | None]
    explains: Text
    done: Text
    roles: tuple[str, ...]
    asks: tuple[Ask, ...] = ()
    offered: Callable[[Any], bool] = lambda row: True
    grave: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A value as shown; ``url`` where it leads."""

    text: Text
    url: str = ""
    number: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """A table beside a row's facts."""

    title: Text
    headings: Sequence[Text]
    rows: Sequence[Sequence[Cell]]
    note: Text = ""


@dataclass(slots=True)
class Form:
    """An act's form with what was typed."""

    values: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    token: str = ""


def money_of(amount: str = "amount", title: Text = "") -> Callable[[Any], str]:
    """Return a column that shows the minor units of ``amount`` in the row's currency."""

    def column(row: Any) -> str:
        return format_money(Money(getattr(row, amount), row.currency))

    column.short_description = title or gettext_lazy("Amount")  # type: ignore[attr-defined]  # what the admin reads off a column
    column.admin_order_field = amount  # type: ignore[attr-defined]  # what the admin reads off a column
    column.__name__ = amount
    return column


def link_to(row: models.Model | None, text: Text = "") -> Cell:
    """Return a cell that leads to a row's page of the back office."""
    if row is None:
        return Cell("–")
    return Cell(text or str(row), place_of(type(row), row.pk))


def place_of(model: type[models.Model], pk: Any) -> str:
    """Return the address of a row's page."""
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[pk])


def list_of(model: type[models.Model], query: str = "") -> str:
    """Return the address of a table's list, filtered by ``query``."""
    meta = model._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    return f"{url}?{query}" if query else url


class _Named:
    """A table's options under the names people use; everything else is the table's own."""

    def __init__(self, options: Any, singular: Text, plural: Text) -> None:
        self._options = options
        self.verbose_name, self.verbose_name_plural = singular, plural
        # The header shows the package's name before the table's; people know only the desk.
        self.app_config = SimpleNamespace(verbose_name=gettext_lazy("Desk"))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._options, name)


def _worded(base: type[Any]) -> type[Any]:
    """Return a filter like ``base`` whose title and choices are said in the table's words."""

    class Worded(base):  # type: ignore[misc]  # an untyped base
        def __init__(
            self, field: Any, request: Any, params: Any, model: Any, office: Any, field_path: str
        ) -> None:
            self._office, self._name = office, field.name
            super().__init__(field, request, params, model, office, field_path)
            self.title: Any = LABELS.get(field.name) or field.verbose_name

        def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
            """Yield the choices; "all" and "empty" have their words already."""
            for choice in super().choices(changelist):
                shown = choice["display"]
                told = self._office.word_of(self._name, shown) if isinstance(shown, str) else shown
                yield choice | {"display": told}

    return Worded


WordedChoices = _worded(ChoicesFieldListFilter)
WordedValues = _worded(AllValuesFieldListFilter)


class OfficeAdmin(ModelAdmin):  # type: ignore[misc]  # an untyped base
    """A table that staff may read.

    ``roles`` may look (the owner always may). ``facts`` are the names of fields or methods on a
    row's page; ``acts`` its buttons; ``list_acts`` the buttons of the list; ``place`` the address
    below the desk's own; ``singular`` and ``plural`` what people call the rows; ``words`` what
    people call the values of a state; ``coded`` which other columns hold codes that have words.
    """

    roles: ClassVar[tuple[str, ...]] = ()
    acts: ClassVar[tuple[Act, ...]] = ()
    list_acts: ClassVar[tuple[Act, ...]] = ()
    facts: ClassVar[tuple[Any, ...]] = ()
    place: ClassVar[str] = ""
    words: ClassVar[Mapping[str, Text]] = {}
    coded: ClassVar[frozenset[str]] = frozenset()
    singular: ClassVar[Text] = ""
    plural: ClassVar[Text] = ""

    actions = None
    list_per_page = 50
    show_full_result_count = False
    list_before_template = "office/list_acts.html"
    show_facets = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nothing is added here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is changed here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is deleted here."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Staff with one of ``roles`` may look."""
        return actor(request).has_role(*self.roles)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Likewise."""
        return self.has_view_permission(request)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Return the columns, plain fields under the words people use for them."""
        return [self._column(name) for name in super().get_list_display(request)]

    def _column(self, name: Any) -> Any:
        if not isinstance(name, str) or hasattr(self, name) or name not in LABELS:
            return name

        def column(row: Any) -> Any:
            return self._plain(name, row)

        column.short_description = LABELS[name]  # type: ignore[attr-defined]  # what the admin reads off a column
        column.admin_order_field = name  # type: ignore[attr-defined]  # what the admin reads off a column
        column.boolean = name.startswith("is_") or name == "enabled"  # type: ignore[attr-defined]  # what the admin reads off a column
        column.__name__ = name
        return column

    def _plain(self, name: str, row: Any) -> Any:
        value = getattr(row, name)
        if isinstance(value, dt.datetime):
            return f"{value:%Y-%m-%d %H:%M}"
        return self.word_of(name, value) if isinstance(value, str) else value

    def word_of(self, name: str, value: str) -> Text:
        """Return what people call ``value`` of the column ``name``; free text stays what it is."""
        if name not in CODED and name not in self.coded:
            return value
        return self.words.get(value) or WORDS.get(value) or value

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Return the filters, those over columns of text in people's words."""
        return [self._filter(each) for each in super().get_list_filter(request)]

    def _filter(self, name: Any) -> Any:
        column = self.opts.get_field(name) if isinstance(name, str) else None
        if not isinstance(column, models.CharField):
            return name
        return (name, WordedChoices if column.flatchoices else WordedValues)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return no bulk action, whatever a library adds to the site."""
        return {}

    def get_urls(self) -> list[URLPattern]:
        """Return the list, the row and the acts; there is no address that adds or deletes."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap = self.admin_site.admin_view
        return [
            path("", wrap(self.changelist_view), name=f"{name}_changelist"),
            path("do/<slug:act>/", wrap(self.list_act_view), name=f"{name}_list_act"),
            path("<path:object_id>/do/<slug:act>/", wrap(self.act_view), name=f"{name}_act"),
            path("<path:object_id>/", wrap(self.change_view), name=f"{name}_change"),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list; a post has nothing to do here."""
        if request.method not in READS:
            return HttpResponseNotAllowed(READS)
        if not self.has_view_permission(request):
            raise NotFound()
        offered = [
            {"act": act, "url": reverse(self._name("list_act"), args=[act.name])}
            for act in self.list_acts
            if actor(request).has_role(*act.roles)
        ]
        named = _Named(self.opts, self.singular, self.plural)
        context = {"title": str(self.plural), "opts": named, "office_acts": offered}
        response: HttpResponse = super().changelist_view(request, context | (extra_context or {}))
        if isinstance(response, TemplateResponse) and response.context_data:
            shown = response.context_data.get("cl")
            if shown is not None:
                shown.opts = named
        return response

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one row: facts, buttons, tables."""
        if request.method not in READS:
            return HttpResponseNotAllowed(READS)
        row = self._row(request, object_id)
        context = {
            **self.frame(request, row),
            "facts": self.facts_of(row),
            "panels": self.panels(request, row),
            "acts": [
                {"act": act, "url": reverse(self._name("act"), args=[row.pk, act.name])}
                for act in self.offered(request, row)
            ],
            **(extra_context or {}),
        }
        return TemplateResponse(request, "office/row.html", context)

    def act_view(self, request: HttpRequest, object_id: str, act: str) -> HttpResponse:
        """Ask for a reason, then do it."""
        row = self._row(request, object_id)
        return self._do(request, act, self.offered(request, row), self.acts, row)

    def list_act_view(self, request: HttpRequest, act: str) -> HttpResponse:
        """Ask for a reason, then do what belongs to no single row."""
        if not self.has_view_permission(request):
            raise NotFound()
        who = actor(request)
        offered = [each for each in self.list_acts if who.has_role(*each.roles)]
        return self._do(request, act, offered, self.list_acts, None)

    def offered(self, request: HttpRequest, row: Any) -> list[Act]:
        """Return the acts that make sense for a row and that the actor may do."""
        who = actor(request)
        return [act for act in self.acts if who.has_role(*act.roles) and act.offered(row)]

    def panels(self, request: HttpRequest, row: Any) -> list[Panel]:
        """Return the tables of a row's page."""
        return []

    def frame(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Return what every page of a row needs."""
        title = self.title_of(row) if row is not None else str(self.plural)
        return {
            **self.admin_site.each_context(request),
            "title": title,
            "row": row,
            "row_title": self.title_of(row) if row is not None else "",
            "list_url": reverse(self._name("changelist")),
            "list_title": str(self.plural),
            "row_url": reverse(self._name("change"), args=[row.pk]) if row is not None else "",
        }

    def title_of(self, row: Any) -> str:
        """Return how people call a row."""
        return f"{self.singular} {row.pk}"

    def facts_of(self, row: Any) -> list[tuple[str, Cell]]:
        """Return label and value of every fact, in written order."""
        found = []
        for name in self.facts or [each.name for each in self.opts.fields]:
            label = str(LABELS.get(name) or label_for_field(name, self.model, model_admin=self))
            found.append((label[:1].upper() + label[1:], self._cell(name, row)))
        return found

    def _cell(self, name: Any, row: Any) -> Cell:
        column, _attr, value = lookup_field(name, row, self)
        if isinstance(value, Cell):
            return value
        if isinstance(value, Money):
            return Cell(format_money(value), number=True)
        if isinstance(value, models.Model):
            served = self.admin_site.is_registered(type(value))
            return link_to(value) if served else Cell(str(value))
        if value in (None, "", [], {}):
            return Cell("–")
        if isinstance(value, dt.datetime):
            return Cell(clock.told(value, "%Y-%m-%d %H:%M:%S"))
        if isinstance(value, str):
            return Cell(self.word_of(name, value) if isinstance(name, str) else value)
        if column is not None and not callable(value):
            return Cell(display_for_field(value, column, "–"))
        return Cell(str(value))

    def _row(self, request: HttpRequest, object_id: str) -> Any:
        if not self.has_view_permission(request):
            raise NotFound()
        row = self.get_object(request, object_id)
        if row is None:
            raise NotFound()
        return row

    def _do(
        self,
        request: HttpRequest,
        name: str,
        offered: Sequence[Act],
        known: Sequence[Act],
        row: Any,
    ) -> HttpResponse:
        act = next((each for each in known if each.name == name), None)
        if act is None:
            raise NotFound()
        who = actor(request)
        if not who.has_role(*act.roles):
            raise NotFound()
        form = _typed(request, act, row)
        if request.method != "POST":
            if act not in offered:  # pressed long ago: somebody else was faster
                messages.info(request, _("There is nothing left to do here."))
                return HttpResponseRedirect(self._after(row))
            return self._ask(request, act, row, form, None)
        try:
            if not form.reason:
                raise Invalid(fields={"reason": _("Say why. The audit log keeps it.")})
            shown = act.run(Errand(who, row, form.reason, form.values, form.token))
        except Problem as problem:
            if problem.status not in {409, 422}:
                raise
            return self._ask(request, act, row, form, problem)
        if isinstance(shown, HttpResponse):
            return shown
        messages.success(request, str(act.done))
        return HttpResponseRedirect(
            place_of(type(shown), shown.pk) if shown is not None else self._after(row)
        )

    def _ask(
        self, request: HttpRequest, act: Act, row: Any, form: Form, problem: Problem | None
    ) -> HttpResponse:
        asks = [
            {
                "ask": ask,
                "value": form.values.get(ask.name, ""),
                "choices": ask.choices(row) if ask.choices else None,
                "error": problem.fields.get(ask.name, "") if problem else "",
            }
            for ask in act.asks
        ]
        shown = {ask.name for ask in act.asks} | {"reason"}
        context = {
            **self.frame(request, row),
            "act": act,
            "asks": asks,
            "form": form,
            "problem": problem,
            "reason_error": problem.fields.get("reason", "") if problem else "",
            "other_errors": [
                text for name, text in (problem.fields if problem else {}).items()
                if name not in shown
            ],
            "facts": self.facts_of(row)[:6] if row is not None else [],
            "back_url": self._after(row),
        }  # fmt: skip
        context["title"] = str(act.label)
        status = problem.status if problem else 200
        return TemplateResponse(request, "office/act.html", context, status=status)

    def _after(self, row: Any) -> str:
        if row is None:
            return reverse(self._name("changelist"))
        return reverse(self._name("change"), args=[row.pk])

    def _name(self, view: str) -> str:
        return f"admin:{self.opts.app_label}_{self.opts.model_name}_{view}"


def _typed(request: HttpRequest, act: Act, row: Any) -> Form:
    if request.method != "POST":
        values = {ask.name: ask.initial(row) for ask in act.asks}
        return Form(values=values, token=new_code(80))
    return Form(
        values={ask.name: request.POST.get(ask.name, "").strip() for ask in act.asks},
        reason=request.POST.get("reason", "").strip(),
        token=request.POST.get("token", "")[:40],
    )
