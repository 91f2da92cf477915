"""The live stream: tells open pages that something of theirs happened, and never what.

It imports no application of the ORM and carries no data: a page that hears of its topic asks the
web process for its own fragment, with its own rights. See docs/explanation/live.md.
"""

from .app import application

__all__ = ["application"]
