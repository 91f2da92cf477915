"""`{% load ui %}`: the filters that the desk's own pages need; Django's engine draws those."""

from __future__ import annotations

from django import template

from banyan.web.ui.components.figures import money_filter

register = template.Library()
register.filter("money", money_filter)
