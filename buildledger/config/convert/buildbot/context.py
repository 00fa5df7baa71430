"""What a builder's steps may refer to: properties and where they come from here, the source's stamp, the worker."""

from __future__ import annotations

from typing import Any

from buildledger.config.convert.buildbot.account import Entry, Kind, UnsayableError
from buildledger.config.convert.buildbot.described import Value
from buildledger.config.convert.buildbot.names import identifier, unique
from buildledger.config.convert.buildbot.references import BUILD_DIRECTORY, Reference, literal
from buildledger.config.convert.buildbot.site import Site

_BUILD = {
    "branch": Reference("branch", "build.branch"),
    "revision": Reference("revision", "build.revision"),
    "got_revision": Reference("revision", "build.revision", may_be_empty=False),
    "buildername": Reference("buildername", "build.builder", may_be_empty=False),
    "buildnumber": Reference("buildnumber", "build.number", is_text=False, may_be_empty=False),
    "workername": Reference("workername", "worker.name", may_be_empty=False),
    "slavename": Reference("workername", "worker.name", may_be_empty=False),
    "project": Reference("project", "build.project"),
}
"""Properties that Buildbot itself gives every build."""
_NOWHERE = {
    "basedir": "steps run in the build's directory: use relative paths",
    "scheduler": "give the trigger's builds a builder of their own, or use change.* in an expression",
    "owner": "who asked for a build is in the dashboard and in the API, not in expressions",
    "owners": "who asked for a build is in the dashboard and in the API, not in expressions",
    "buildid": "use build.id",
}
_SOURCE_ATTRIBUTES = ("branch", "revision", "project")


class BuildContext:
    """What is known to the steps of one builder, while they are converted one after the other."""

    def __init__(self, site: Site, labels: dict[str, str], source: str | None) -> None:
        self.site = site
        self.inputs: dict[str, dict[str, Any]] = {}
        """Inputs that the builder needs, because its steps ask for properties that nobody in the file sets."""
        self.unset: list[str] = []
        """Buildbot's names of those properties."""
        self.labels = labels
        """Properties that all workers of the builder have → labels."""
        self.source = source
        """The address of the one repository that the builder's steps check out, if there is one."""
        self.repository: str | None = None
        """The address of the repository that its builds are asked for with, where a scheduler or a poller says it."""
        self.constants: dict[str, str] = {}
        """Texts that the builder itself gives its properties, by Buildbot's names."""
        self.codebases: dict[str, str] = {}
        """Codebase → the source that was checked out for it."""
        self.variables: dict[str, str] = {}
        """Environment variables of the builder that worker's variables are put into: shell text in double quotes."""
        self.is_windows = False
        """All of its workers are Windows, as far as their names say."""
        self.held: set[str] = set()
        """Locks that the builder itself holds."""
        self.base = "build"
        """The directory, below the builder's, that steps run in when they don't say."""
        self.directories: set[str] = set()
        """That earlier steps have certainly made, below the build's."""
        self.not_texts: set[str] = set()
        """Properties that people give as a boolean or a number."""
        self._set: dict[str, str] = {}

    def set_property(self, old: str) -> str:
        """A property is set, by the builder or a step: its name here. Later steps may refer to it."""
        if old not in self._set:
            self._set[old] = unique(identifier(old), self._set.values(), "_")
        return self._set[old]

    def property(self, old: str, default: str = "") -> Reference:
        """What a property is here.

        Raises:
            UnsayableError: It is one of Buildbot's own that has no counterpart.
        """
        if old in self._set:
            new = self._set[old]
            return Reference(old, f"properties.{new}", {"property": new}, is_text=False)
        if old in _BUILD:
            return _BUILD[old]
        if old in ("builddir", "workdir"):
            return BUILD_DIRECTORY
        if old == "repository" and (address := self.source or self.repository) is not None:
            return Reference(old, literal(address), address, may_be_empty=False)
        if old in _NOWHERE:
            raise UnsayableError(f"there is no counterpart of the property '{old}'", _NOWHERE[old])
        if old in self.labels:
            return Reference(old, f"worker.labels.{self.labels[old]}")
        return self._input(old, default)

    def constant(self, old: str) -> str | None:
        """The text that a property has in every build, if it is known."""
        return self.repository if old == "repository" and old not in self.constants else self.constants.get(old)

    def stamp(self, codebase: str, attribute: str) -> Reference:
        """`%(src:codebase:attribute)s`."""
        if codebase and codebase in self.codebases and len(set(self.codebases.values())) > 1:
            raise UnsayableError(
                f"with several sources, the {attribute} of '{codebase}' alone can't be asked for",
                "git itself knows it in the source's directory: git rev-parse HEAD",
            )
        if attribute in _SOURCE_ATTRIBUTES:
            return _BUILD[attribute]
        raise UnsayableError(f"there is no counterpart of a source stamp's {attribute}", "write it as it is")

    def worker(self, old: str) -> Reference:
        """`%(worker:name)s`."""
        if old in ("workername", "name"):
            return _BUILD["workername"]
        if old in self.labels:
            return Reference(old, f"worker.labels.{self.labels[old]}")
        raise UnsayableError(f"nothing is known of what the worker says as '{old}'", "give the worker a label")

    def _input(self, old: str, default: str) -> Reference:
        """Nobody in the file sets it, so whoever asks for a build may."""
        new = identifier(old)
        if new not in self.inputs:
            self.inputs[new] = {"type": "string", "default": default}
            self.unset.append(old)
        return Reference(old, f"inputs.{new}", {"input": new}, is_text=old not in self.not_texts)

    def remark_inputs(self, entry: Entry) -> None:
        """Say in the builder's entry which inputs were made up for it."""
        if self.unset:
            names = ", ".join(f"'{each}'" for each in self.unset)
            entry.note(
                "properties",
                f"nothing in the configuration sets {names}: an input with a default",
                "where a scheduler, a hook or a person gave it, have a manual trigger ask for it",
            )
        for old in self.unset:
            self.site.account.entry(Kind.PROPERTIES, ("input", old), old, entry.place).note(
                "", "nothing in the configuration sets it: it is an input of the builders that use it", ""
            )

    def default_of(self, reference: Reference, default: Value) -> bool:
        """Whether an input's own default already is this one."""
        known = self.inputs.get(identifier(reference.name))
        return known is not None and reference.cel.startswith("inputs.") and known["default"] == default
