"""A real gateway for the whole run, a scripted provider, and a floor above that places things."""

from tests.payments.fixtures import placer, sandbox, sandbox_process, till_settings

__all__ = ["placer", "sandbox", "sandbox_process", "till_settings"]
