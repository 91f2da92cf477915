"""Reads of insights: how shares travelled, and who came through them."""

from .cascades import cascade_members, cascade_report, cascades
from .channels import Channel, channels_of
from .journeys import Journey, SoldLine, journey_of, journey_reports, totals
from .people import STEPS, Person, funnel_of, people_of
from .reminders import MARKS, ReminderReport, reminder_report
from .trees import Guest, Sharer, ShareTree, share_tree

__all__ = [
    "MARKS",
    "STEPS",
    "Channel",
    "Guest",
    "Journey",
    "Person",
    "ReminderReport",
    "ShareTree",
    "Sharer",
    "SoldLine",
    "cascade_members",
    "cascade_report",
    "cascades",
    "channels_of",
    "funnel_of",
    "journey_of",
    "journey_reports",
    "people_of",
    "reminder_report",
    "share_tree",
    "totals",
]
