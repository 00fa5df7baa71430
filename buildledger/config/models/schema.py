"""The file format as JSON Schema, for editors: completion, descriptions, and most errors as one types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from buildledger.config.fields import spelling
from buildledger.config.fields.value_schemas import NAMED
from buildledger.config.models.file_models import File


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of a configuration file.

    It knows single values and shapes: whatever the models refuse it refuses, and the other way round. References,
    expressions and whatever needs two places of the file are checked by `check` only. Two things can't be said in it:
    that a duration has 30 days at most, and that `5.0` is no whole number.
    """
    generated = File.model_json_schema(mode="validation", schema_generator=_Generator)
    models = generated.pop("$defs")
    values = {
        name: {**_by_name(named.schema, spell_out=name), "description": named.meaning} for name, named in NAMED.items()
    }
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    published = {**head, **_by_name(generated), "$defs": {**_by_name(models), **values}}
    for model in (published, *published["$defs"].values()):
        for value in model.get("properties", {}).values():
            if "$ref" in value and "description" not in value:
                value["description"] = published["$defs"][value["$ref"].rpartition("/")[2]]["description"]
    return published


_ABOUT = ("description", "default")
"""What a schema may say beside a reference to another one."""
_SPELLED: dict[str, Callable[[Any], str]] = {
    "duration": spelling.duration,
    "durationOrNever": spelling.duration,
    "size": spelling.size,
}
"""Defaults that a file has in another form than the models."""


def _by_name(value: Any, *, spell_out: str = "") -> Any:
    """A schema in which values that have a name are referred to by it, all but the one to `spell_out`."""
    if isinstance(value, list):
        return [_by_name(each) for each in value]
    if not isinstance(value, dict):
        return value
    # What pydantic makes of a key's name says nothing; a key that is called `title` has a mapping here.
    value = {key: inner for key, inner in value.items() if key != "title" or not isinstance(inner, str)}
    bare = {key: inner for key, inner in value.items() if key not in _ABOUT}
    for name, named in NAMED.items():
        if name != spell_out and bare == named.schema:
            about = {key: value[key] for key in _ABOUT if key in value}
            if "default" in about and name in _SPELLED:
                about["default"] = _SPELLED[name](about["default"])
            return {"$ref": f"#/$defs/{name}", **about}
    return {key: _by_name(inner) for key, inner in value.items()}


class _Generator(GenerateJsonSchema):
    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """A mapping whose keys have to be names: pydantic would let others through, with any value."""
        generated = super().dict_schema(schema)
        if "patternProperties" in generated:
            (values,) = generated.pop("patternProperties").values()
            keys = self.generate_inner(schema["keys_schema"])
            generated |= {"additionalProperties": values, "propertyNames": {**keys, "type": "string"}}
        return generated
