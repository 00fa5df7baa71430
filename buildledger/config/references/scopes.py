"""Which names a value may use, and of which types, in each place of the file."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from enum import Enum
from typing import NamedTuple

import msgspec

from buildledger.config import inputs
from buildledger.config.expressions.cel import ENGINE, ExpressionError, UnknownNameError, ValueType
from buildledger.config.expressions.cel_errors import names
from buildledger.config.fields import nodes
from buildledger.config.inputs import InputSpec
from buildledger.config.problems.problem import Path, did_you_mean, listed
from buildledger.config.reading.document import Document
from buildledger.config.secrets.provider import (
    SecretProvider,
    SecretRefusedError,
    SecretsUnreachableError,
    SecretUnavailableError,
)
from buildledger.config.secrets.unmaskable import unmaskable
from buildledger.config.values import Expression, InputRef, PropertyRef, SecretRef, Spread

CHANGE = {
    "change.source": ValueType.STRING,
    "change.branch": ValueType.STRING,
    "change.revision": ValueType.STRING,
    "change.files": ValueType.STRINGS,
}
BUILD = {
    "build.id": ValueType.STRING,
    "build.builder": ValueType.STRING,
    "build.number": ValueType.INTEGER,
    "build.project": ValueType.STRING,
    "build.branch": ValueType.STRING,
    "build.revision": ValueType.STRING,
    "build.result": ValueType.STRING,
}
WORKER = {
    "worker.name": ValueType.STRING,
    "worker.labels": ValueType.LABELS,
    "worker.capacity": ValueType.INTEGER,
}


class Place(Enum):
    """Where an expression stands decides what is known when it is evaluated."""

    REQUEST = "when a build is asked for"
    WORKER = "when a worker is chosen"
    PICK = "when one of several workers is picked"
    STEP = "when a step starts"
    SUCCESS = "when a build has succeeded"


_KNOWN: Mapping[Place, Mapping[str, ValueType]] = {
    Place.REQUEST: CHANGE,
    Place.WORKER: CHANGE | WORKER,
    Place.PICK: WORKER,
    Place.STEP: CHANGE | BUILD | WORKER,
    Place.SUCCESS: BUILD,
}

Types = frozenset[ValueType]
"""The types of which a value may be."""
TEXTS = frozenset({ValueType.STRING, ValueType.INTEGER, ValueType.BOOLEAN, ValueType.ANY})
LISTS = frozenset({ValueType.STRINGS, ValueType.ANY})
CONDITIONS = frozenset({ValueType.BOOLEAN, ValueType.ANY})
NUMBERS = frozenset({ValueType.INTEGER, ValueType.ANY})
ANYTHING = TEXTS | LISTS


class GrantedSecrets(NamedTuple):
    """The only secrets that may be named in a text that isn't trusted."""

    names: Collection[str]
    whom: str
    """They are granted to: `this repository`."""
    by: str
    """What says which are granted."""


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What is known where the steps of a builder, or of a template in its use by a builder, stand."""

    document: Document
    secrets: SecretProvider | None
    """None: don't look whether they are there."""
    owner: str
    """`builder 'tests'`, for messages."""
    inputs: Mapping[str, InputSpec] = msgspec.field(default_factory=dict)
    matrix: Mapping[str, ValueType] = msgspec.field(default_factory=dict)
    properties: Collection[str] = ()
    is_template: bool = False
    granted_secrets: GrantedSecrets | None = None
    """The only secrets that may be named; None: any."""
    is_for_all: bool = False
    """It stands where it is for all builders: nothing of a single one is known."""

    def check(self, path: Path, node: object, place: Place, wanted: Types) -> None:
        """Check that a value of the file can be had in a place, and that its type is one of those wanted."""
        match node:
            case Spread(value=value):
                inner = (*path, "spread")
                self.check(inner, value, place, LISTS)
            case InputRef(name=name):
                self._reference(
                    path, "input", name, {key: inputs.type_of(spec) for key, spec in self.inputs.items()}, wanted
                )
            case nodes.MatrixRef(name=name):
                self._reference(path, "matrix", name, self.matrix, wanted)
            case PropertyRef(name=name):
                known = dict.fromkeys(self.properties, ValueType.ANY)
                self._reference(path, "property", name, known if place is Place.STEP else {}, wanted)
            case Expression(source=source):
                self.check_expression((*path, "expr"), source, place, wanted)
            case SecretRef(name=name, mask=mask):
                self._secret((*path, "secret"), name, mask=mask)
            case _ if isinstance(node, tuple) and ValueType.STRINGS not in wanted:
                self.document.add("type", path, "a list can't stand here", "spread it: {spread: …}")

    def check_expression(self, path: Path, source: str, place: Place, wanted: Types) -> None:
        """Check an expression's syntax, names and type."""
        variables = self._variables(place)
        try:
            found = ENGINE.check(source, variables)
        except UnknownNameError as error:
            self._unknown(path, source, error, variables, place)
        except ExpressionError as error:
            self._add(path, error, "expression", error.message, error.hint)
        else:
            if found not in wanted:
                choice = " or ".join(sorted(kind.value for kind in wanted if kind is not ValueType.ANY))
                self.document.add("expression-type", path, f"this gives {found.value}, but {choice} is needed")

    def _variables(self, place: Place) -> dict[str, ValueType]:
        known = dict(_KNOWN[place])
        if place not in (Place.SUCCESS, Place.PICK):
            known |= {f"inputs.{name}": inputs.type_of(spec) for name, spec in self.inputs.items()}
            known |= {f"matrix.{name}": kind for name, kind in self.matrix.items()}
        if place is Place.STEP:
            known |= dict.fromkeys((f"properties.{name}" for name in self.properties), ValueType.ANY)
        return known

    def _unknown(
        self, path: Path, source: str, error: UnknownNameError, variables: Mapping[str, ValueType], place: Place
    ) -> None:
        guess = ""
        root, _, field = error.name.partition(".")
        if any(f"{error.name}.".startswith(f"{name}.") for name in CHANGE | BUILD | WORKER):
            hint = f"it isn't known yet {place.value}"
        elif field and root in _ROOTS:
            hint = f"write {_ROOTS[root]}.{field}"
        elif root == "worker" and field and place in (Place.WORKER, Place.STEP):
            near = difflib.get_close_matches(error.name, ["worker.name", "worker.capacity"], n=1, cutoff=0.9)
            label = f"what a worker is chosen by is a label: worker.labels.{field.rpartition('.')[2]}"
            hint = f"write {near[0]}" if near else label
        elif not (hint := names.hint(error.name, source)):
            related = [name for name in variables if name.startswith(f"{root}.")]
            guess = did_you_mean(error.name, variables) if field or not related else ""
            hint = "" if guess else self._known(root, related, variables, place, alone=source.strip() == root)
        self._add(path, error, "unknown-variable", f"unknown name '{error.name}' in an expression{guess}", hint)

    def _known(
        self, root: str, related: list[str], variables: Mapping[str, ValueType], place: Place, *, alone: bool
    ) -> str:
        """What may stand in the place of a name that is like none."""
        kind = {"inputs": "input", "matrix": "matrix", "properties": "property"}.get(root)
        if related:
            return f"known here: {listed(related)}"
        if kind and (place is Place.STEP or kind != "property") and place is not Place.SUCCESS:
            return self._hint(kind, {})
        if place is Place.WORKER and alone:
            return f"write worker.name == '{root}', or choose by a label: worker.labels.os == 'linux'"
        return f"names begin with {listed({name.partition('.')[0] for name in variables})}"

    def _add(self, path: Path, error: ExpressionError, code: str, message: str, hint: str) -> None:
        """Report at the very character, if it can be found in the file."""
        mark = self.document.inside(path, error.line, error.column) if error.line else None
        if mark is None and error.line > 1:
            message = f"{message} (line {error.line} of the expression)"
        self.document.add_at(mark or self.document.mark(path), code, message, hint, path=path)

    def _reference(
        self, path: Path, kind: str, name: str, known: Mapping[str, ValueType], wanted: frozenset[ValueType]
    ) -> None:
        # `{spread: args}` is short for `{spread: {input: args}}`: then there is no such key.
        inner = (*path, kind)
        if name not in known:
            self.document.add(
                f"unknown-{_KINDS[kind]}",
                inner,
                f"{self.owner} has no {_KINDS[kind]} '{name}'{did_you_mean(name, known)}",
                self._hint(kind, known),
            )
        elif known[name] not in wanted:
            hint = "spread it among arguments: {spread: …}" if known[name] is ValueType.STRINGS else ""
            choice = " or ".join(sorted(value.value for value in wanted if value is not ValueType.ANY))
            self.document.add("type", inner, f"'{name}' is {known[name].value}, but {choice} is needed", hint)

    def _hint(self, kind: str, known: Mapping[str, ValueType]) -> str:
        if self.is_template and kind == "matrix":
            return "a template sees only its inputs: pass the value by 'with'"
        if self.is_for_all and kind != "property":
            return "not every builder has inputs and a matrix"
        if known:
            return f"known here: {listed(known)}"
        return {
            "input": "declare it under 'inputs' of the builder or of a manual trigger that builds it",
            "matrix": "it has no matrix with such an axis",
            "property": "a property is known after the step that sets it, or from the builder's 'properties'",
        }[kind]

    def _secret(self, path: Path, name: str, *, mask: bool) -> None:
        if (granted := self.granted_secrets) is not None and name not in granted.names:
            message = f"the secret '{name}' isn't granted to {granted.whom}"
            hint = f"granted: {listed(granted.names)}" if granted.names else granted.by
            self.document.add("grant", path, message, hint)
            return
        if self.secrets is None:
            return
        try:
            value = self.secrets.read(name)
        except SecretsUnreachableError as error:
            hint = "nothing can be said of them until it can be asked; --no-secrets doesn't ask"
            self.document.add("secrets-unreachable", ("secrets",), f"the secrets can't be looked for: {error}", hint)
            return
        except SecretRefusedError as error:
            hint = "the role or token of the server needs a policy that lets it read that, or take the reference out"
            self.document.add("missing-secret", path, f"{error}", hint)
            return
        except SecretUnavailableError as error:
            place = self.secrets.place(name)
            hint = f"put it into {place}" if place else "add 'secrets: {provider: file, path: secrets}'"
            self.document.add("missing-secret", path, f"{error}", f"{hint}, or take the reference out")
            return
        if mask and (reason := unmaskable(value)):
            hint = f"choose another value, or write {{secret: {name}, mask: false}} if it may be seen"
            self.document.add("secret-unmaskable", path, f"secret '{name}' {reason}", hint)


_ROOTS = {"input": "inputs", "property": "properties", "changes": "change", "workers": "worker"}
"""Slips of the first part of a name."""
_KINDS = {"input": "input", "matrix": "axis", "property": "property"}
