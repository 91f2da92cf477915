"""The writers of notify."""

from .allowances import forget_old_days
from .digests import send_digests
from .messages import compose, deliver, deliver_due, queue, send, speaking
from .preferences import Where, end_digest, set_preference, set_switch, set_switches
from .pushing import push_due, renew_key, subscribe, unsubscribe
from .reminders import (
    Word,
    confirm,
    forget_contact,
    forget_reminders,
    remind,
    remind_in_wechat,
    remind_member,
    stop,
    stop_own,
    tell,
    undo_stop,
)
from .telling import Telling, mark_read, notify, notify_all, notify_each, withdraw

__all__ = [
    "Telling",
    "Where",
    "Word",
    "compose",
    "confirm",
    "deliver",
    "deliver_due",
    "end_digest",
    "forget_contact",
    "forget_old_days",
    "forget_reminders",
    "mark_read",
    "notify",
    "notify_all",
    "notify_each",
    "push_due",
    "queue",
    "remind",
    "remind_in_wechat",
    "remind_member",
    "renew_key",
    "send",
    "send_digests",
    "set_preference",
    "set_switch",
    "set_switches",
    "speaking",
    "stop",
    "stop_own",
    "subscribe",
    "tell",
    "undo_stop",
    "unsubscribe",
    "withdraw",
]
