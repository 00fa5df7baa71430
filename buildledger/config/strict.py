"""The base of all models: unknown keys are refused one by one, each with a guess or with the reason.

A key may be unknown, or part of the format but not built in this version; the second is said by name, so that nobody
believes that something is in force which isn't.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from buildledger.config import scalars
from buildledger.config.fields import fault
from buildledger.config.problems import did_you_mean, listed


class Strict(BaseModel):
    """No coercion, no unknown keys, immutable."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)

    unbuilt: ClassVar[frozenset[str]] = frozenset()
    """Keys that are part of the format but not built in this version."""

    @model_validator(mode="wrap")
    @classmethod
    def _report_all_keys(cls, data: Any, handler: ModelWrapValidatorHandler[Strict]) -> Strict:
        if isinstance(data, cls):
            return data
        if not isinstance(data, dict):
            raise fault("type", f"expected a mapping, found {scalars.describe(data)}", f"keys: {listed(cls.keys())}")
        known = cls.keys()
        faults = [_fault(cls, key, data[key]) for key in data if key not in known]
        try:
            model = handler({key: value for key, value in data.items() if key in known})
        except ValidationError as error:
            faults += [_again(details) for details in error.errors()]
            raise ValidationError.from_exception_data(cls.__name__, faults) from error
        if faults:
            raise ValidationError.from_exception_data(cls.__name__, faults)
        return model

    @classmethod
    def keys(cls) -> frozenset[str]:
        """The keys that may stand in this part of the file."""
        return frozenset(field.alias or name for name, field in cls.model_fields.items())


def not_built(name: str, at: str | None = None) -> PydanticCustomError:
    """The refusal of something that the format has and this version hasn't."""
    return fault("not-built", f"'{name}' is part of the format but not built in this version", "take it out", at=at)


def unknown_key(model: type[Strict], key: str) -> PydanticCustomError:
    """The refusal of a key that a model doesn't have."""
    if key in model.unbuilt:
        return not_built(key)
    guess = did_you_mean(key, model.keys())
    return fault("unknown-key", f"unknown key '{key}'{guess}", "" if guess else f"keys here: {listed(model.keys())}")


def choose(
    key: str | None, kinds: Mapping[str, type[Strict]], *, unbuilt: frozenset[str], what: str
) -> BeforeValidator:
    """Validate as one of several models, by the value of `key`, or, without one, by which of the kinds is a key.

    The model is chosen before anything is validated, so that problems are those of the model that was meant.
    """

    def validate(data: Any) -> Any:
        if not isinstance(data, dict):
            raise fault("type", f"expected a {what} (a mapping), found {scalars.describe(data)}")
        kind = _kind_by_value(data, key, kinds, unbuilt, what) if key else _kind_by_key(data, kinds, unbuilt, what)
        return kinds[kind].model_validate(data)

    return BeforeValidator(validate)


def _kind_by_value(
    data: dict[str, Any], key: str, kinds: Mapping[str, type[Strict]], unbuilt: frozenset[str], what: str
) -> str:
    kind = data.get(key)
    if kind is None:
        raise fault("missing-key", f"missing key '{key}': which kind of {what} is this?", f"one of {listed(kinds)}")
    if isinstance(kind, str) and kind in kinds:
        return kind
    if isinstance(kind, str) and kind in unbuilt:
        raise not_built(kind, at=key)
    written = scalars.describe(kind) if isinstance(kind, list | dict) else scalars.written(kind)
    guess = did_you_mean(written, kinds)
    raise fault("unknown-kind", f"unknown kind of {what} '{written}'{guess}", f"one of {listed(kinds)}", at=key)


def _kind_by_key(data: dict[str, Any], kinds: Mapping[str, type[Strict]], unbuilt: frozenset[str], what: str) -> str:
    for kind in kinds:
        if kind in data:
            return kind
    for name in data:
        if name in unbuilt:
            raise not_built(name, at=name)
    for name in data:
        if guess := did_you_mean(name, kinds):
            raise fault("unknown-key", f"unknown key '{name}'{guess}", at=name)
    raise fault("unknown-kind", f"which kind of {what} is this?", f"it needs one of the keys {listed(kinds)}")


def shorthand(key: str, accepts: Any) -> BeforeValidator:
    """Let a bare value stand for a mapping with that value under `key`; `accepts` is its type, for the schema."""
    return BeforeValidator(
        lambda data: data if isinstance(data, dict | BaseModel) else {key: data}, json_schema_input_type=accepts
    )


def as_list(data: Any) -> Any:
    """One text, or a whole number that is taken as text, stands for a list of one."""
    return [data] if isinstance(data, str | scalars.Whole) else data


def _fault(model: type[Strict], key: str, value: Any) -> InitErrorDetails:
    return InitErrorDetails(type=unknown_key(model, key), loc=(key,), input=value)


def _again(details: Any) -> InitErrorDetails:
    context = {"message": details["msg"], **details.get("ctx", {})}
    error = PydanticCustomError(details["type"], "{message}", context)
    return InitErrorDetails(type=error, loc=details["loc"], input=details["input"])
