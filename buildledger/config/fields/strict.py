"""The base of all models: unknown keys are refused one by one, each with a guess or with the reason.

A key may be unknown, or part of the format but not built in this version; the second is said by name, so that nobody
believes that something is in force which isn't.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from buildledger.config.fields.field_types import fault
from buildledger.config.foreign.tables import ANY_WORD, instead_of
from buildledger.config.problems.problem import did_you_mean, listed
from buildledger.config.reading import scalars


class Strict(BaseModel):
    """No coercion, no unknown keys, immutable."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)

    unbuilt: ClassVar[frozenset[str]] = frozenset()
    """Keys that are part of the format but not built in this version."""
    place: ClassVar[str] = ""
    """Which table of other systems' words is asked about a key that isn't here; empty: none."""

    @model_validator(mode="wrap")
    @classmethod
    def _report_all_keys(cls, data: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        if isinstance(data, cls):
            return data
        if isinstance(data, Strict):
            raise _ANOTHER_MODEL
        if not isinstance(data, dict):
            raise fault("type", f"expected a mapping, found {scalars.describe(data)}", f"keys: {listed(cls.keys())}")
        known = cls.keys()
        owner = owner_of(info)
        faults = [_fault(cls, key, data[key], owner) for key in data if key not in known]
        try:
            model = handler({key: value for key, value in data.items() if key in known})
        except ValidationError as error:
            said = [str(refused["type"]) for refused in faults]
            faults += [_again(details) for details in error.errors() if not _is_said(details, said)]
            raise ValidationError.from_exception_data(cls.__name__, faults) from error
        if faults:
            raise ValidationError.from_exception_data(cls.__name__, faults)
        return model

    @classmethod
    def keys(cls) -> frozenset[str]:
        """The keys that may stand in this part of the file."""
        return _keys(cls)

    def with_defaults(self, defaults: Strict) -> Self:
        """The same with the defaults for what it doesn't say and has keys for; mappings are merged by key."""
        values = {}
        for key in defaults.model_fields_set & type(self).model_fields.keys():
            default = getattr(defaults, key)
            if key not in self.model_fields_set:
                values[key] = default
            elif isinstance(default, dict):
                values[key] = default | getattr(self, key)
        return self.model_copy(update=values) if values else self


@cache
def _keys(model: type[Strict]) -> frozenset[str]:
    return frozenset(field.alias or name for name, field in model.model_fields.items())


_ANOTHER_MODEL = fault("type", "this is another kind of thing")
"""Nobody reads it: a union that is given the model of one of its members asks the others in vain."""


def not_built(name: str, at: str | None = None) -> PydanticCustomError:
    """The refusal of something that the format has and this version hasn't."""
    return fault("not-built", f"'{name}' is part of the format but not built in this version", "take it out", at=at)


def owner_of(info: ValidationInfo) -> str:
    """The name of the builder, the worker or the like that is validated; empty for what has none."""
    return str((info.context or {}).get("owner", ""))


def unknown_key(model: type[Strict], key: str, value: Any = None, owner: str = "") -> PydanticCustomError:
    """The refusal of a key that a model doesn't have; `owner` is the name of what it stands in."""
    if instead := instead_of(model.place, key, value, owner):
        return fault("unknown-key", f"unknown key '{key}': {instead}")
    if key in model.unbuilt:
        return not_built(key)
    guess = did_you_mean(key, model.keys())
    if not guess and (instead := instead_of(model.place, ANY_WORD, {key: value}, owner)):
        return fault("unknown-key", f"unknown key '{key}': {instead}")
    return fault("unknown-key", f"unknown key '{key}'{guess}", "" if guess else f"keys here: {listed(model.keys())}")


def choose(
    key: str | None, kinds: Mapping[str, type[Strict]], *, unbuilt: frozenset[str], what: str
) -> BeforeValidator:
    """Validate as one of several models, by the value of `key`, or, without one, by which of the kinds is a key.

    The model is chosen before anything is validated, so that problems are those of the model that was meant.
    """

    def validate(data: Any, info: ValidationInfo) -> Any:
        if isinstance(data, Strict):
            raise _ANOTHER_MODEL
        if not isinstance(data, dict):
            raise fault("type", f"expected a {what} (a mapping), found {scalars.describe(data)}")
        if key:
            kind = _kind_by_value(data, key, kinds, unbuilt, what)
        else:
            kind = _kind_by_key(data, kinds, unbuilt, what, owner_of(info))
        return kinds[kind].model_validate(data, context=info.context)

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
    for word in [kind] if isinstance(kind, str) else kind if isinstance(kind, list | dict) else ():
        if instead := instead_of(f"{what} kind", str(word), kind):
            raise fault("unknown-kind", f"unknown kind of {what} '{word}': {instead}", at=key)
    written = scalars.describe(kind) if isinstance(kind, list | dict) else scalars.written(kind)
    guess = did_you_mean(written, kinds)
    raise fault("unknown-kind", f"unknown kind of {what} '{written}'{guess}", f"one of {listed(kinds)}", at=key)


def _kind_by_key(
    data: dict[str, Any], kinds: Mapping[str, type[Strict]], unbuilt: frozenset[str], what: str, owner: str
) -> str:
    found = [kind for kind in kinds if kind in data]
    for other in found[1:]:
        known = kinds[found[0]].keys()
        if other not in known:
            raise fault("unknown-key", f"'{found[0]}' and '{other}' are two {what}s", "write each as its own", at=other)
    if found:
        return found[0]
    if faults := [_foreign(name, instead) for name in data if (instead := instead_of(what, name, data[name], owner))]:
        raise ValidationError.from_exception_data(what, faults)
    for name in data:
        if name in unbuilt:
            raise not_built(name, at=name)
    for name in data:
        if guess := did_you_mean(name, kinds):
            hint = "after the '-' of a list stands a space" if name.startswith("-") else ""
            raise fault("unknown-key", f"unknown key '{name}'{guess}", hint, at=name)
    raise fault("unknown-kind", f"which kind of {what} is this?", f"it needs one of the keys {listed(kinds)}")


def _foreign(key: str, instead: str) -> InitErrorDetails:
    return InitErrorDetails(type=fault("unknown-key", f"unknown key '{key}': {instead}"), loc=(key,), input=None)


def shorthand(key: str, accepts: Any) -> BeforeValidator:
    """Let a bare value stand for a mapping with that value under `key`; `accepts` is its type, for the schema."""
    return BeforeValidator(
        lambda data: data if isinstance(data, dict | BaseModel) else {key: data}, json_schema_input_type=accepts
    )


def _fault(model: type[Strict], key: str, value: Any, owner: str) -> InitErrorDetails:
    return InitErrorDetails(type=unknown_key(model, key, value, owner), loc=(key,), input=value)


def _is_said(details: Any, said: list[str]) -> bool:
    """Whether a missing key is what another one was meant to be, and its message says so already."""
    return (
        details["type"] == "missing"
        and len(details["loc"]) == 1
        and any(f"'{details['loc'][0]}" in message for message in said)
    )


def _again(details: Any) -> InitErrorDetails:
    context = {"message": details["msg"], **details.get("ctx", {})}
    error = PydanticCustomError(details["type"], "{message}", context)
    return InitErrorDetails(type=error, loc=details["loc"], input=details["input"])
