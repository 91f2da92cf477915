"""Operations whose outcome is looked at once: what migrations of several packages are made of.

Django renders the models of every application anew for each operation; behind some hundred tables
that is nearly all that a migration costs.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import AddConstraint, AddIndex, CreateModel, RunPython, RunSQL
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


def at_once(*operations: Operation) -> list[Operation]:
    """Return operations that do the same in the same order, the models rendered once for all.

    A ``RunPython`` stays by itself: it reads and writes rows through the models of its moment. So
    does SQL that no change of a model stands beside: nothing is rendered for it.
    """
    result: list[Operation] = []
    for alone, group in groupby(operations, lambda operation: isinstance(operation, RunPython)):
        members = list(group)
        same = all(isinstance(one, RunSQL) and not one.state_operations for one in members)
        result += members if alone or same else [AtOnce(members)]
    return result


class AtOnce(Operation):
    """Several operations between one state of the models and one other.

    A table that is made here comes as it is in the end, so what the others add to it is there.
    No field may be changed twice.
    """

    serialization_expand_args = ["operations"]

    def __init__(self, operations: Sequence[Operation]) -> None:
        """Take the operations in their order."""
        self.operations = list(operations)
        self.reversible = all(operation.reversible for operation in operations)  # type: ignore[misc]  # Django's own RunSQL answers per operation, too

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        """Say how to write it down."""
        return (type(self).__name__, [], {"operations": self.operations})

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change the state; its models are rendered when somebody asks for them."""
        state.clear_delayed_apps_cache()
        state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Do each."""
        for operation in self._left():
            # A constraint or an index may speak of a column that is new here.
            adds = isinstance(operation, AddConstraint | AddIndex)
            before = to_state if adds else from_state
            operation.database_forwards(app_label, schema_editor, before, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Undo each, the last one first."""
        for operation in reversed(list(self._left())):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def _left(self) -> Iterator[Operation]:
        """Yield what a new table does not bring with it."""
        made = {one.name_lower for one in self.operations if isinstance(one, CreateModel)}
        for operation in self.operations:
            if getattr(operation, "model_name_lower", None) not in made:
                yield operation

    def describe(self) -> str:
        """Say what is done."""
        return "; ".join(operation.describe() for operation in self.operations)

    def references_model(self, name: str, app_label: str) -> bool:
        """Whether one of them may have to do with a model."""
        return any(one.references_model(name, app_label) for one in self.operations)
