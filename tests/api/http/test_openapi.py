"""The OpenAPI document: what it promises is what is answered, whatever is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.schemas import OpenApiSchema

from buildledger.api import export
from buildledger.api.routers import describe_routes
from tests.api.conftest import AUTHORIZED, Site, inside

ENDLESS = ("/api/v1/stream", "/api/v1/logs/{log_id}/stream", "/api/v1/session")


HEADERS = AUTHORIZED | {"Host": "localhost:8010"}


EXAMPLES = 4
"""Requests of each kind for each operation."""


CHECKS = [
    schemathesis.checks.not_a_server_error,
    schemathesis.checks.content_type_conformance,
    schemathesis.checks.response_schema_conformance,
]


DOCUMENT = describe_routes()


def references(node: Any) -> Iterator[str]:
    """Every reference in a document."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_the_document_in_the_repository_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m buildledger.api.export --check` passes."""
    assert export.main(["--check"]) == 0
    assert export.main(["--nonsense"]) == 2
    assert "usage" in capsys.readouterr().err


def test_every_reference_leads_somewhere() -> None:
    """No schema is promised that isn't there, and none is there that nobody answers with."""
    schemas = DOCUMENT["components"]["schemas"]
    named = {reference.removeprefix("#/components/schemas/") for reference in references(DOCUMENT)}
    assert named == set(schemas)


def test_every_answer_has_a_schema_and_every_field_is_always_there() -> None:
    """Every operation describes its good answer; answers have no optional fields, so clients need no guards."""
    for name, schema in DOCUMENT["components"]["schemas"].items():
        if not name.endswith("Body"):
            assert set(schema.get("required", ())) == set(schema["properties"]), name
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            good = [response for status, response in operation["responses"].items() if status.startswith("2")]
            assert good, (method, path)
            assert all("content" in response for response in good)
            assert operation["description"]


def test_every_field_and_parameter_is_described() -> None:
    """Whoever reads only the document learns what each value means, and in which unit it is."""
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for field, described in schema["properties"].items():
            assert described.get("description"), (name, field)
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", ()):
                assert parameter.get("description"), (method, path, parameter["name"])


def test_what_the_routes_say_is_what_the_application_serves(site: Site) -> None:
    """The running application describes itself with the same document."""
    assert site.app.openapi() == json.loads(json.dumps(DOCUMENT))


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenApiSchema]:
    """The document of a site in which much was built: all generated requests go to this one."""
    with inside(tmp_path_factory.mktemp("asked")) as site:
        site.world.act(80)
        site.remember_words()
        site.settle()
        yield schemathesis.openapi.from_asgi("/api/v1/openapi.json", site.app, headers=HEADERS)


@pytest.mark.parametrize("path", [path for path in DOCUMENT["paths"] if path not in ENDLESS])
def test_whatever_is_asked_the_answer_is_as_described(path: str, asked: OpenApiSchema) -> None:
    """Generated requests, good and bad, never get a 500 nor an answer that the document doesn't describe."""
    for method, described in DOCUMENT["paths"][path].items():
        modes = [GenerationMode.POSITIVE]
        if "parameters" in described or "requestBody" in described:
            modes.append(GenerationMode.NEGATIVE)
        for mode in modes:
            tried = ask(asked[path][method.upper()].as_strategy(generation_mode=mode))
            # what takes nothing can be asked in one way only
            assert tried >= (EXAMPLES if mode is GenerationMode.NEGATIVE else 1), (method, mode)


def ask(cases: SearchStrategy[Any]) -> int:
    """Send generated requests and check what comes back; how many were sent."""
    tried = 0

    @given(case=cases)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(case: Case[Any]) -> None:
        nonlocal tried
        tried += 1
        case.validate_response(case.call(headers=HEADERS), checks=CHECKS)

    run()
    return tried
