"""Back office of the catalogue: shops that wait, sell, or were stopped."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banyan.kernel.digits import whole
from banyan.kernel.labels import word
from banyan.kernel.models import StateChange
from banyan.kernel.office import Act, Ask, Cell, Errand, OfficeAdmin, Panel
from banyan.people.rules.addresses import ADDRESS_FORMS
from banyan.people.rules.countries import country_later

from . import actions
from .models import Attribute, Category, EmptySearch, Shop
from .rules import ATTRIBUTE_KINDS
from .states import SHOP

MODERATION = ("moderation",)
LOWER_FIRST = gettext_lazy("Lower numbers stand first.")
ADDRESS = gettext_lazy("Small letters, digits and hyphens: it stands in addresses and stays.")


def _approve(errand: Errand) -> None:
    actions.approve_shop(actor=errand.actor, shop_id=errand.row.pk, reason=errand.reason)


def _refuse(errand: Errand) -> None:
    actions.refuse_shop(actor=errand.actor, shop_id=errand.row.pk, reason=errand.reason)


def _suspend(errand: Errand) -> None:
    actions.suspend_shop(actor=errand.actor, shop_id=errand.row.pk, reason=errand.reason)


def _reopen(errand: Errand) -> None:
    actions.reopen_shop(actor=errand.actor, shop_id=errand.row.pk, reason=errand.reason)


@admin.register(Shop)
class ShopAdmin(OfficeAdmin):
    """Shops; those that wait for approval first."""

    place, singular, plural = "shops", gettext_lazy("Shop"), gettext_lazy("Shops")
    roles = ("moderation", "support", "finance")
    words = {
        "pending": gettext_lazy("Waits for approval"),
        "open": gettext_lazy("Open for business"),
        "suspended": gettext_lazy("Suspended"),
        "refused": gettext_lazy("Turned down"),
        "closed": gettext_lazy("Closed"),
    } | {code: country_later(code) for code in ADDRESS_FORMS}
    coded = frozenset({"country"})
    list_display = ("name", "owner_handle", "state", "country", "currency", "created_at")
    list_filter = ("state", "country")
    list_select_related = ("owner",)
    search_fields = ("name", "slug", "owner__handle")
    search_help_text = gettext_lazy("Name, address or owner's handle")
    ordering = ("-id",)
    facts = (
        "owner_handle", "state", "created_at", "country", "currency", "about",
        "timezone", "slug",
    )  # fmt: skip
    acts = (
        Act(
            "approve",
            gettext_lazy("Approve"),
            _approve,
            gettext_lazy("The shop opens at once, and its owner is told."),
            gettext_lazy("The shop is open."),
            MODERATION,
            offered=lambda row: row.state == "pending",
        ),
        Act(
            "refuse",
            gettext_lazy("Turn down"),
            _refuse,
            gettext_lazy("The owner reads your reason, and may ask again."),
            gettext_lazy("The shop was turned down."),
            MODERATION,
            offered=lambda row: row.state == "pending",
            grave=True,
        ),
        Act(
            "suspend",
            gettext_lazy("Suspend"),
            _suspend,
            gettext_lazy("The shop leaves every page; what was sold is still delivered."),
            gettext_lazy("The shop is suspended."),
            MODERATION,
            offered=lambda row: row.state == "open",
            grave=True,
        ),
        Act(
            "reopen",
            gettext_lazy("Open again"),
            _reopen,
            gettext_lazy("The suspension ends, and the owner is told."),
            gettext_lazy("The shop is open."),
            MODERATION,
            offered=lambda row: row.state == "suspended",
        ),
    )

    def title_of(self, row: Shop) -> str:
        """Return its name."""
        return row.name

    @admin.display(description=gettext_lazy("Owner"), ordering="owner__handle")
    def owner_handle(self, row: Shop) -> str:
        """Return who owns it."""
        return f"@{row.owner.handle}"

    def panels(self, request: HttpRequest, row: Shop) -> list[Panel]:
        """Return what is prepared for sale, and what was decided so far."""
        goods = row.products.order_by("-id")[:20]
        moves = StateChange.objects.filter(machine=SHOP.name, subject_id=row.pk).order_by("id")
        return [
            Panel(
                _("Goods"),
                (_("Title"), _("State")),
                [(Cell(each.title), Cell(word(each.state))) for each in goods],
            ),
            Panel(
                _("History"),
                (_("Time"), _("State"), _("Who"), _("Reason")),
                [
                    (
                        Cell(f"{each.at:%Y-%m-%d %H:%M}"),
                        Cell(self.words.get(each.target, each.target)),
                        Cell(each.actor_label or word(each.actor_kind)),
                        Cell(each.reason),
                    )
                    for each in moves
                ],
            ),
        ]


def _named(errand: Errand) -> dict[str, str]:
    return {code: errand.answers[f"name_{code}"] for code, _language in settings.LANGUAGES}


def _position(errand: Errand) -> int:
    found = whole(errand.answers["position"] or "0", most=999)
    return -1 if found is None else found


def _add_category(errand: Errand) -> Category:
    return actions.add_category(
        actor=errand.actor,
        slug=errand.answers["slug"],
        names=_named(errand),
        position=_position(errand),
        parent=errand.answers["parent"],
        reason=errand.reason,
    )


def _change_category(errand: Errand) -> None:
    actions.change_category(
        actor=errand.actor,
        category_id=errand.row.pk,
        names=_named(errand),
        position=_position(errand),
        parent=errand.answers["parent"],
        reason=errand.reason,
    )


def _name_of(code: str) -> Callable[[Category], str]:
    return lambda row: row.names.get(code, "") if row else ""


_NAMES = tuple(
    Ask(
        f"name_{code}",
        format_lazy("{} ({})", gettext_lazy("Name"), language),
        initial=_name_of(code),
    )
    for code, language in settings.LANGUAGES
)
_PLACE = Ask(
    "position",
    gettext_lazy("Position"),
    LOWER_FIRST,
    initial=lambda row: str(row.position) if row else "0",
)

_PARENT = Ask(
    "parent",
    gettext_lazy("Below"),
    gettext_lazy("What is asked of the goods of that one is asked of these, too."),
    choices=lambda row: [
        ("", "–"),
        *Category.objects.exclude(pk=row.pk if row else 0).values_list("slug", "slug"),
    ],
    initial=lambda row: row.parent.slug if row and row.parent else "",
)


@admin.register(Category)
class CategoryAdmin(OfficeAdmin):
    """The categories that goods are sorted into, and that people filter by."""

    place, singular, plural = (
        "categories",
        gettext_lazy("Category"),
        gettext_lazy("Categories"),
    )
    roles = MODERATION
    list_display = ("slug", "english", "over", "position")
    list_select_related = ("parent",)
    search_fields = ("slug",)
    search_help_text = gettext_lazy("Address")
    ordering = ("position", "id")
    facts = ("slug", "over", "position", "all_names", "goods")
    list_acts = (
        Act(
            "add",
            gettext_lazy("Add a category"),
            _add_category,
            gettext_lazy("Merchants can choose it; people see it once something in it is on sale."),
            gettext_lazy("The category is there."),
            MODERATION,
            (Ask("slug", gettext_lazy("Address"), ADDRESS), *_NAMES, _PLACE, _PARENT),
        ),
    )
    acts = (
        Act(
            "change",
            gettext_lazy("Change"),
            _change_category,
            gettext_lazy("Its name and place change everywhere at once; its address stays."),
            gettext_lazy("The category is changed."),
            MODERATION,
            (*_NAMES, _PLACE, _PARENT),
        ),
    )

    def title_of(self, row: Category) -> str:
        """Return its address."""
        return row.slug

    @admin.display(description=gettext_lazy("Name"))
    def english(self, row: Category) -> str:
        """Return its English name."""
        return str(row.names.get("en", ""))

    @admin.display(description=gettext_lazy("Below"))
    def over(self, row: Category) -> str:
        """Return what it stands below."""
        return row.parent.slug if row.parent else "–"

    @admin.display(description=gettext_lazy("Names"))
    def all_names(self, row: Category) -> str:
        """Return its names in every language."""
        return " · ".join(str(name) for name in row.names.values())

    @admin.display(description=gettext_lazy("Goods"))
    def goods(self, row: Category) -> int:
        """Return how many products are in it, on sale or not."""
        return row.product_set.count()


def _attribute_input(errand: Errand) -> actions.AttributeInput:
    answers = errand.answers
    marks = {word.strip() for word in answers["marks"].lower().split(",")}
    return actions.AttributeInput(
        names=_named(errand),
        unit=answers["unit"],
        choices=_choices(answers["choices"]),
        is_required="required" in marks,
        is_filterable="filter" in marks,
        position=_position(errand),
    )


def _choices(text: str) -> dict[str, dict[str, str]]:
    """Return what "red=Red/红/紅, blue=Blue" names: codes with names in the site's languages."""
    found = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        code, _equals, names = part.partition("=")
        told = [name.strip() for name in names.split("/")]
        languages = [language for language, _name in settings.LANGUAGES]
        found[code.strip()] = dict(zip(languages, told, strict=False))
    return found


def _add_attribute(errand: Errand) -> Attribute:
    return actions.add_attribute(
        actor=errand.actor,
        code=errand.answers["code"],
        kind=errand.answers["kind"].strip().lower(),
        category=errand.answers["category"].strip(),
        data=_attribute_input(errand),
        reason=errand.reason,
    )


def _change_attribute(errand: Errand) -> None:
    actions.change_attribute(
        actor=errand.actor,
        attribute_id=errand.row.pk,
        data=_attribute_input(errand),
        reason=errand.reason,
    )


def _choice_text(row: Attribute) -> str:
    languages = [language for language, _name in settings.LANGUAGES]
    parts = []
    for one in row.choices if row else ():
        names = "/".join(one["names"].get(code, "") for code in languages).rstrip("/")
        parts.append(f"{one['code']}={names}")
    return ", ".join(parts)


def _marks(row: Attribute) -> str:
    if not row:
        return ""
    told = (("required", row.is_required), ("filter", row.is_filterable))
    return ", ".join(name for name, is_so in told if is_so)


_ATTRIBUTE = (
    *_NAMES,
    Ask("unit", gettext_lazy("Unit"), initial=lambda row: row.unit if row else ""),
    Ask(
        "choices",
        gettext_lazy("Choices"),
        gettext_lazy("Of a choice: code=name in every language, such as red=Red/红/紅, blue=Blue."),
        initial=_choice_text,
    ),
    Ask(
        "marks",
        gettext_lazy("Marks"),
        gettext_lazy("required, filter, both or nothing."),
        initial=_marks,
    ),
    _PLACE,
)


@admin.register(Attribute)
class AttributeAdmin(OfficeAdmin):
    """What there is to say of goods, by category: figures, choices, dates."""

    place, singular, plural = (
        "attributes",
        gettext_lazy("Attribute"),
        gettext_lazy("Attributes"),
    )
    roles = MODERATION
    coded = frozenset({"kind"})
    words = {
        "text": gettext_lazy("In words"),
        "number": gettext_lazy("A figure"),
        "choice": gettext_lazy("One of a list"),
        "yesno": gettext_lazy("Yes or no"),
        "date": gettext_lazy("A day"),
    }
    list_display = ("code", "english", "kind", "of", "position")
    list_select_related = ("category",)
    search_fields = ("code",)
    search_help_text = gettext_lazy("Short name")
    ordering = ("position", "id")
    facts = ("code", "kind", "unit", "is_required", "is_filterable", "position", "all_choices")
    list_acts = (
        Act(
            "add",
            gettext_lazy("Add an attribute"),
            _add_attribute,
            gettext_lazy("Merchants are asked for it in the product form of its category."),
            gettext_lazy("The attribute is there."),
            MODERATION,
            (
                Ask(
                    "code", gettext_lazy("Short name"), gettext_lazy("Small letters, digits and _.")
                ),
                Ask("kind", gettext_lazy("Kind"), ", ".join(ATTRIBUTE_KINDS)),
                Ask(
                    "category",
                    gettext_lazy("Category"),
                    gettext_lazy("Its address; empty for all goods."),
                ),
                *_ATTRIBUTE,
            ),
        ),
    )
    acts = (
        Act(
            "change",
            gettext_lazy("Change"),
            _change_attribute,
            gettext_lazy("Goods keep what they say. Code, kind and category stay."),
            gettext_lazy("The attribute is changed."),
            MODERATION,
            _ATTRIBUTE,
        ),
    )

    def title_of(self, row: Attribute) -> str:
        """Return its code."""
        return row.code

    @admin.display(description=gettext_lazy("Name"))
    def english(self, row: Attribute) -> str:
        """Return its English name."""
        return str(row.names.get("en", ""))

    @admin.display(description=gettext_lazy("Category"), ordering="category__slug")
    def of(self, row: Attribute) -> str:
        """Return which goods have it."""
        return row.category.slug if row.category else "–"

    @admin.display(description=gettext_lazy("Choices"))
    def all_choices(self, row: Attribute) -> str:
        """Return what there is to choose from."""
        return _choice_text(row)


@admin.register(EmptySearch)
class EmptySearchAdmin(OfficeAdmin):
    """What people searched for and did not find; nothing about who they were."""

    place, singular, plural = (
        "empty-searches",
        gettext_lazy("Search without a result"),
        gettext_lazy("Searches without a result"),
    )
    roles = MODERATION
    list_display = ("day", "words", "times")
    search_fields = ("words",)
    search_help_text = gettext_lazy("Words")
    ordering = ("-day", "-times", "words")
    facts = ("day", "words", "times")

    def title_of(self, row: EmptySearch) -> str:
        """Return what was searched for."""
        return row.words
