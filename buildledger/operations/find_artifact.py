"""Finds the artifact that a download step asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from buildledger.events.answers import FoundArtifact, answer_text
from buildledger.events.ids import BuildId
from buildledger.events.operation import Ended, EndReason, FindArtifact
from buildledger.logs.artifacts import ArtifactStore
from buildledger.logs.artifacts_manifest import Manifest
from buildledger.operations.open_operations import ServerOperation
from buildledger.operations.performer import Outcome
from buildledger.projections.artifact_search import NoArtifactError


class ArtifactFinder(Protocol):
    """The port for looking artifacts up; implemented by `projections.artifact_search.ArtifactSearch`."""

    def find(self, wanted: FindArtifact, build_id: BuildId, position: int) -> FoundArtifact:
        """The artifact, as of `position` or later. Blocks.

        Raises:
            NoArtifactError: There is no such artifact.
            TimeoutError: What is looked in hasn't come to `position` yet.
        """
        ...


class ArtifactFinding:
    """Performs `FindArtifact`. The outcome's text is the JSON of a `FoundArtifact`."""

    def __init__(self, finder: ArtifactFinder, artifacts: ArtifactStore, head: Callable[[], int]) -> None:
        """`head` gives the ledger's head, up to which what is looked in has to be."""
        self._finder = finder
        self._artifacts = artifacts
        self._head = head

    def perform(self, operation: ServerOperation) -> Outcome:
        """See `Performer`."""
        assert isinstance(operation.spec, FindArtifact)
        try:
            found = self._finder.find(operation.spec, operation.build_id, self._head())
        except NoArtifactError as error:
            return Outcome(ended=Ended(reason=EndReason.NO_FILE, detail=str(error)))
        if found.directory:
            pages = len(Manifest.load(self._artifacts, found.sha256).pages())
            found = msgspec.structs.replace(found, pages=pages)
        detail = f"{found.builder} #{found.number}"
        return Outcome(ended=Ended(reason=EndReason.EXITED, exit_code=0, detail=detail, text=answer_text(found)))
