"""Lists of the file in which a single entry may stand for itself: `build: tests` for `build: [tests]`."""

from __future__ import annotations

from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

JsonSchema = dict[str, Any]


class OneOrSeveral:
    """Annotates a list, after its bounds: what isn't a list is the one entry of it."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """How pydantic reads it."""
        return core_schema.no_info_before_validator_function(as_list, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        """The list, or an entry of it."""
        several: JsonSchema = handler(schema)
        return {"anyOf": [several, several["items"]]}


ONE_OR_SEVERAL = OneOrSeveral()


def as_list(data: Any) -> Any:
    """A list of one, unless it is a list already, or nothing."""
    return data if isinstance(data, list) or data is None else [data]
