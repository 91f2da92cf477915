"""What legal tells: new texts, agreements, exports, erasures."""

from __future__ import annotations

from typing import ClassVar

from banyan.kernel.events import Event


class LegalTextPublished(Event):
    """A new version of a legal text was published."""

    name: ClassVar[str] = "legal_text.published"
    subject: ClassVar[str] = "text_id"
    text_id: int
    kind: str
    version: int


class ExportReady(Event):
    """What is known of somebody can be fetched, once."""

    name: ClassVar[str] = "export.ready"
    subject: ClassVar[str] = "export_id"
    export_id: int
    account_id: int | None = None


class ErasureAsked(Event):
    """A member leaves; their account is closed at once."""

    name: ClassVar[str] = "account.leaving"
    subject: ClassVar[str] = "account_id"
    account_id: int
    erasure_id: int


class ErasureCancelled(Event):
    """A member who was leaving says to stay."""

    name: ClassVar[str] = "account.stayed"
    subject: ClassVar[str] = "account_id"
    account_id: int
    erasure_id: int


class AccountErased(Event):
    """What was personal of a member is gone; the number names nobody any more."""

    name: ClassVar[str] = "account.erased"
    subject: ClassVar[str] = "account_id"
    account_id: int
