"""Whatever the document allows, and whatever it does not, is answered as the document says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from banyan.people.actions import create_token
from banyan.people.models import Account
from tests.api.world import World, new_world
from tests.payments.fixtures import sandbox, sandbox_process
from tests.support import factories as make
from tests.support.sandbox import Sandbox

__all__ = ["sandbox", "sandbox_process"]
pytestmark = pytest.mark.django_db

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
thorough = settings(
    max_examples=300 if SOAK else 3,
    deadline=None,
    database=None,
    derandomize=not SOAK,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def _one_connection() -> Iterator[None]:
    """Keep the test's connection: Django closes it after each request of a real WSGI client."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def world(_one_connection: None, sandbox: Sandbox) -> World:
    return new_world()


@pytest.fixture
def routes(world: World) -> Any:
    """The document as a client gets it; half of the ids in addresses are of things there are."""
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", get_wsgi_application())

    @schema.hook
    def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> Any:
        ids = world.ids_for(context.operation.path)
        known = {
            name: ids[name]
            for name, value in (path_parameters or {}).items()
            if name in ids and len(str(value)) % 2
        }
        return (path_parameters or {}) | known

    return schema


def test_the_document_holds(routes: Any, world: World, subtests: pytest.Subtests) -> None:
    operations = [found.ok() for found in routes.get_all_operations()]
    assert len(operations) > 70
    # Making a case takes as long as trying it, so everybody tries each. Whoever may destroy most
    # comes last.
    everybody = [{}, _bearer(world.buyer), _bearer(world.owner)]
    for operation in operations:
        for mode in GenerationMode:
            with subtests.test(operation.label, mode=mode.value):
                _try(operation, mode, everybody)


def _try(operation: Any, mode: GenerationMode, everybody: list[dict[str, str]]) -> None:
    @thorough
    @given(case=operation.as_strategy(generation_mode=mode))
    def hold(case: Case[Any]) -> None:
        for headers in everybody:
            # As it is: the tool does not unpack what this kind of client gets packed.
            plain = {"Accept-Encoding": "identity", **headers}
            case.call_and_validate(headers=plain, checks=CHECKS)

    try:
        hold()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "nothing of this operation can be wrong"


def _bearer(account: Account) -> dict[str, str]:
    _token, secret = create_token(actor=make.actor(account), name="fuzz")
    return {"Authorization": f"Bearer {secret}"}
