"""What a template says the same way every time is said when it is compiled, once per language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from jinja2 import Environment, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.visitor import NodeTransformer

# Functions of their arguments, the language and the settings alone.
FIXED = frozenset({"_", "gettext", "pgettext", "url", "find_url", "static", "language"})


class FoldingGenerator(CodeGenerator):
    """Generates a template whose fixed calls have become text."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802 - Jinja2 names it
        """Fold, then generate."""
        super().visit_Template(Folding(self.environment).visit(node), frame)


class Folding(NodeTransformer):
    """Replaces a call of a fixed function with literals by what it returns.

    All of ``ui`` is fixed but what takes the page's context. What fails is left as it is, and
    fails where it is drawn.
    """

    def __init__(self, environment: Environment) -> None:
        self.environment = environment

    def visit_Call(self, node: nodes.Call) -> nodes.Expr:  # noqa: N802 - the visitor's name
        """Return the value, or the call with what is fixed in its arguments."""
        self.generic_visit(node)
        call = self._fixed(node.node)
        given = [*node.args, *(pair.value for pair in node.kwargs)]
        literal = all(isinstance(one, nodes.Const) for one in given)
        if call is None or not literal or node.dyn_args or node.dyn_kwargs:
            return node
        args = [cast(nodes.Const, one).value for one in node.args]
        kwargs = {pair.key: cast(nodes.Const, pair.value).value for pair in node.kwargs}
        try:
            value = call(*args, **kwargs)
        except Exception:
            return node
        return nodes.Const(value, lineno=node.lineno)

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:  # noqa: N802 - as above
        """Keep the call of a block: its content is no literal."""
        self.generic_visit(node.call)
        node.body = [self.visit(one) for one in node.body]
        return node

    def _fixed(self, target: nodes.Node) -> Callable[..., Any] | None:
        found: Any = None
        if isinstance(target, nodes.Name) and target.name in FIXED:
            found = self.environment.globals.get(target.name)
        elif (
            isinstance(target, nodes.Getattr)
            and isinstance(target.node, nodes.Name)
            and target.node.name == "ui"
        ):
            found = getattr(self.environment.globals["ui"], target.attr, None)
        return None if hasattr(found, "jinja_pass_arg") else found
