"""A text that defines builders and isn't trusted: the file of a repository, or what a step has generated."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from buildledger.config.grant import Grant
from buildledger.config.pipelines.namespace import source_of
from buildledger.config.references.scopes import GrantedSecrets
from buildledger.config.resolved import Builder, Configuration, Generation
from buildledger.config.steps.generate import GenerateStep


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """A text, as it is to be checked, and who may say what in it."""

    SECTIONS: ClassVar[tuple[str, ...]]
    """Of the central file, those that may be granted."""
    CALLED: ClassVar[str]
    """What the text is, for messages."""
    EMPTY: ClassVar[str]
    """What is empty if nothing stands in it."""
    WHOM: ClassVar[str]
    """To whom something is granted."""
    BY: ClassVar[str]
    """What says what is granted, with a place for the key."""
    CENTRAL: ClassVar[str]
    """Why something can't be granted at all, for whatever would follow `can't stand in …`."""
    NOT_GRANTED: ClassVar[frozenset[str]] = frozenset()
    """Keys of builders that others may be granted."""

    content: bytes
    name: str
    """What problems call it."""
    central: Configuration | None = None
    """The configuration that grants; None: check all that can be said without it."""

    @property
    def owner(self) -> str:
        """What stands before the names of its builders."""
        raise NotImplementedError

    @property
    def grant(self) -> Grant | None:
        """What is granted; None: nobody knows."""
        raise NotImplementedError

    @property
    def sources(self) -> frozenset[str]:
        """What its builders may check out, as far as it is known."""
        raise NotImplementedError

    @property
    def project(self) -> str | None:
        """What its builders belong to."""
        raise NotImplementedError

    @property
    def depth(self) -> int:
        """How often there was a generation before its builders; 0: they aren't generated."""
        return 0

    @property
    def locks(self) -> frozenset[str]:
        """What its builders may take, as far as it is known."""
        return frozenset(self.grant.locks if self.grant else ())

    @property
    def granted_secrets(self) -> GrantedSecrets | None:
        """The only secrets that it may name; None: nobody knows."""
        if self.grant is None:
            return None
        return GrantedSecrets(frozenset(self.grant.secrets), self.WHOM, self.who_grants("secrets"))

    def who_grants(self, key: str) -> str:
        """The hint for what isn't granted."""
        return self.BY.format(key)


class RepoFile(Definition, frozen=True, kw_only=True):
    """A file of a repository."""

    SECTIONS = ("templates", "builders", "triggers")
    CALLED = "a repository's file"
    EMPTY = "the file"
    WHOM = "this repository"
    BY = "'{}' of its repo_pipelines in the central configuration says what is"
    CENTRAL = ": only the central configuration has it"

    source: str
    """Whose file it is."""

    @property
    def owner(self) -> str:
        """Its source."""
        return self.source

    @property
    def grant(self) -> Grant | None:
        """The entry of its source."""
        return None if self.central is None else self.central.repo_pipelines[self.source]

    @property
    def sources(self) -> frozenset[str]:
        """Its own, and those that are granted."""
        further = () if self.central is None else self.central.repo_pipelines[self.source].sources
        return frozenset({self.source, *further})

    @property
    def project(self) -> str | None:
        """As the entry of its source says."""
        return None if self.central is None else self.central.repo_pipelines[self.source].project


class GeneratedText(Definition, frozen=True, kw_only=True):
    """What a step has generated; `central` is what its build is built under, with the pipeline that has its builder."""

    SECTIONS = ("templates", "builders")
    CALLED = "what a step generates"
    EMPTY = "what the step has generated"
    WHOM = "this step"
    BY = "'{}' of the step says what is"
    CENTRAL = ""
    NOT_GRANTED = frozenset({"inputs"})

    central: Configuration
    builder: Builder
    """Whose step generated it."""
    step: GenerateStep

    @property
    def owner(self) -> str:
        """The generating builder."""
        return self.builder.name

    @property
    def grant(self) -> Grant:
        """What the step itself says."""
        return self.step.grant

    @property
    def sources(self) -> frozenset[str]:
        """What the generating builder checks out: of others it is not known what to check out."""
        return frozenset(self.builder.sources)

    @property
    def project(self) -> str | None:
        """That of the generating builder."""
        return self.builder.project

    @property
    def depth(self) -> int:
        """One more than that of the generating builder."""
        return self.generation.depth

    @property
    def generation(self) -> Generation:
        """What is stored of where it comes from."""
        before, step = self.central.generated, self.step.name
        if before is not None:
            return msgspec.structs.replace(before, builder=self.owner, step=step, depth=before.depth + 1)
        if self.central.pipeline_digest is not None:
            return Generation(builder=self.owner, step=step, depth=1, source=source_of(self.owner))
        return Generation(builder=self.owner, step=step, depth=1, root=self.owner, root_step=step)

    def who_grants(self, key: str) -> str:
        """The hint for what isn't granted."""
        return self.BY.format("grants" if key in ("secrets", "locks") else key)
