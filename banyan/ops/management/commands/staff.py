"""``staff``: who works for the platform; the way to its first owner."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from banyan.kernel.actors import Actor
from banyan.kernel.problems import Problem
from banyan.people.actions import give_role, take_role
from banyan.people.actions.staff import ROLES
from banyan.people.queries import account_by_contact, staff_members


class Command(BaseCommand):
    """Give or take a staff role, or list who has one."""

    help = "List staff, or give or take a role (support, finance, moderation, owner)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("act", nargs="?", choices=["list", "give", "take"], default="list")
        parser.add_argument("who", nargs="?", help="handle, e-mail address or phone number")
        parser.add_argument("role", nargs="?", choices=ROLES)
        parser.add_argument("--reason", default="from the command line")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        if options["act"] == "list":
            for member, roles in staff_members():
                self.stdout.write(f"@{member.handle}  {', '.join(roles)}")
            return
        if not options["who"] or not options["role"]:
            raise CommandError("Say who and which role: banyan staff give ana@example.org owner")
        account = account_by_contact(options["who"])
        if account is None:
            raise CommandError(f"Nobody here is {options['who']}; they have to sign up first.")
        change = give_role if options["act"] == "give" else take_role
        try:
            change(
                actor=Actor.system("command line"),
                account_id=account.pk,
                role=options["role"],
                reason=options["reason"],
            )
        except Problem as problem:
            raise CommandError(str(problem.message)) from problem
        self.stdout.write(f"@{account.handle}: {options['role']} {options['act']}n")
