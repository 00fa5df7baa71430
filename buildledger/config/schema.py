"""The file format as JSON Schema, for editors: completion, descriptions, and most errors as one types."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from buildledger.config.models import File


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of a configuration file.

    It knows single values and shapes: whatever the models refuse it refuses, and the other way round. References,
    expressions and whatever needs two places of the file are checked by `check` only. Two things can't be said in it:
    that a duration has 30 days at most, and that `5.0` is no whole number.
    """
    generated = File.model_json_schema(mode="validation", schema_generator=_Generator)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **generated}


class _Generator(GenerateJsonSchema):
    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """A mapping whose keys have to be names: pydantic would let others through, with any value."""
        generated = super().dict_schema(schema)
        if "patternProperties" in generated:
            (values,) = generated.pop("patternProperties").values()
            keys = self.generate_inner(schema["keys_schema"])
            generated |= {"additionalProperties": values, "propertyNames": {**keys, "type": "string"}}
        return generated
