"""The file format as JSON Schema, for editors: completion, descriptions, and most errors as one types."""

from __future__ import annotations

from typing import Any

from buildledger.config.models import File


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of a configuration file. It knows shapes; references are checked by `check` only."""
    generated = File.model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **generated}
