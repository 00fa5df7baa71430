"""Every operation of the API, from its OpenAPI document, as a request that can be made."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import buildledger.api

OPENAPI = Path(buildledger.api.__file__).parent / "openapi.json"
PREFIX = "/api/v1"


class Operation:
    """One method of one address, with a value for all it must be given."""

    def __init__(self, method: str, path: str, url: str, query: dict[str, Any], body: Any) -> None:
        self.method, self.path, self.url, self.query, self.body = method, path, url, query, body

    @property
    def name(self) -> str:
        """As people speak of it."""
        return f"{self.method} {self.path}"

    @property
    def asks_only(self) -> bool:
        """Whether it changes nothing."""
        return self.method == "GET"


def operations(known: Mapping[str, Mapping[str, Any]]) -> list[Operation]:
    """All of the document, so that a new route is among them by itself.

    `known` are the values that mean something to this server, by the first word of the address (as `builds`) or `""`:
    for parameters by their name, for bodies under `body` by the last word. All else is the document's example, or
    the least that its schema takes.
    """
    document = json.loads(OPENAPI.read_text())
    schemas = document["components"]["schemas"]
    made = []
    for path, methods in document["paths"].items():
        words = path.removeprefix(PREFIX).split("/")
        values = {**known.get("", {}), **known.get(words[1], {})}
        for method, operation in methods.items():
            given = {
                each["name"]: values.get(each["name"], plausible(each["schema"], schemas))
                for each in operation.get("parameters", [])
                if each["in"] == "path" or each.get("required")
            }
            url = re.sub(r"{(\w+)}", lambda name, given=given: str(given.pop(name[1])), path)  # type: ignore[misc]
            body = None
            if "requestBody" in operation:
                schema = operation["requestBody"]["content"]["application/json"]["schema"]
                body = values.get(f"body of {words[-1]}", plausible(schema, schemas))
            made.append(Operation(method.upper(), path.removeprefix(PREFIX), url.removeprefix(PREFIX), given, body))
    return made


def plausible(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """A value that a schema takes: its example, or the least."""
    match schema:
        case {"$ref": str(name)}:
            return plausible(schemas[name.rpartition("/")[2]], schemas)
        case {"examples": [first, *_]}:
            return first
        case {"enum": [first, *_]} | {"const": first}:
            return first
        case {"anyOf": [first, *_]}:
            return plausible(first, schemas)
        case {"type": "object"}:
            properties = schema.get("properties", {})
            return {name: plausible(properties[name], schemas) for name in schema.get("required", ())}
        case {"type": "array"}:
            return [plausible(schema["items"], schemas)] * schema.get("minItems", 0)
        case {"type": "integer" | "number"}:
            return int(schema.get("minimum", 0))
        case {"type": "boolean"}:
            return False
        case _:
            return "x" * max(1, schema.get("minLength", 1))
