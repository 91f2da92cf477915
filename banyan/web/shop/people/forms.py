"""Forms of the people pages: actions decide; forms keep what was typed and say why not."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from banyan.kernel.problems import Problem
from banyan.people.rules import AddressField
from banyan.people.rules.profiles import AUDIENCES


def refuse(form: forms.Form, problem: Problem) -> None:
    """Mark the fields that an action refused; what belongs to no field stands above the form."""
    form.is_valid()
    for name, text in problem.fields.items():
        if name in form.fields:
            form.add_error(name, str(text))
        else:
            form.add_error(None, str(text))
    if not problem.fields:
        form.add_error(None, str(problem.message))


class ContactForm(forms.Form):
    """An e-mail address or a phone number."""

    contact = forms.CharField(
        label=_("E-mail or phone"),
        max_length=120,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )


class CodeForm(forms.Form):
    """Six digits, typed or pasted; blanks do not matter."""

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "autofocus": True,
                "class": "code-input",
            }
        ),
    )


class ProfileForm(forms.Form):
    """What a member says of themselves."""

    display_name = forms.CharField(
        label=_("Name"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    handle = forms.CharField(
        label=_("Handle"),
        max_length=31,
        help_text=_("Your page is /@handle. Letters, digits and underscores."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    bio = forms.CharField(
        label=_("About you"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    region = forms.CharField(
        label=_("Region"), max_length=12, required=False, help_text=_("A country or a city.")
    )
    birthday = forms.DateField(
        label=_("Birthday"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "autocomplete": "bday"}),
    )
    birthday_audience = forms.ChoiceField(
        label=_("Who sees your birthday"), choices=list(AUDIENCES.items())
    )
    hometown = forms.CharField(
        label=_("Hometown"),
        max_length=40,
        required=False,
        help_text=_(
            "These three are only for what is for people of one of them; nobody sees them."
        ),
    )
    dialect = forms.CharField(label=_("Dialect"), max_length=40, required=False)
    school = forms.CharField(label=_("School"), max_length=40, required=False)


class LineForm(forms.Form):
    """A whole address in one pasted line."""

    line = forms.CharField(
        label=_("Paste an address"),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
        help_text=_("We split it into the fields below, and you check them."),
    )


class AddressForm(forms.Form):
    """The form of one country."""

    is_default = forms.BooleanField(label=_("Fill this in first"), required=False)

    def __init__(self, fields: list[AddressField], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = {field.name: _address_field(field) for field in fields}
        self.fields = asked | dict(self.fields)


def _address_field(field: AddressField) -> forms.CharField:
    attrs = {"autocomplete": field.autocomplete, "inputmode": field.inputmode}
    if field.example:
        attrs["placeholder"] = field.example
    widget = forms.TextInput(attrs=attrs)
    # Required is for the action to say, so that every field is refused in one go.
    made = forms.CharField(label=field.label, required=False, widget=widget)
    made.required = field.required
    made.error_messages["required"] = _("Please fill this in.")
    return made


class TokenForm(forms.Form):
    """A new API token."""

    name = forms.CharField(
        label=_("What is it for?"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    may_write = forms.BooleanField(
        label=_("It may change things, not only read"), required=False, initial=True
    )
