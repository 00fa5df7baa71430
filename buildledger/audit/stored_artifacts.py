"""Whether every artifact that is kept is there with the bytes that its fact says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import msgspec

from buildledger.audit.inspection import BuildNames
from buildledger.audit.report import Check, Finding
from buildledger.events.build import ArtifactRemoved, ArtifactStored
from buildledger.events.fact import Fact, Recorded
from buildledger.logs.artifacts_manifest import Manifest, ManifestError

READ_BYTES = 1 << 20


class _Kept(msgspec.Struct, frozen=True):
    position: int
    build_id: UUID
    stored: ArtifactStored


class StoredArtifacts:
    """See `Inspection`. Files are read at the end, each once however many artifacts are made of it."""

    check = Check.ARTIFACTS
    noun = "artifacts"
    facts: Sequence[type[Fact]] = (ArtifactStored, ArtifactRemoved)

    def __init__(self, directory: Path, names: BuildNames) -> None:
        self._directory = directory
        self._names = names
        self._kept: dict[UUID, _Kept] = {}
        self._looked: dict[str, str] = {}
        """Digest → what is wrong with the file of that name; empty: nothing."""
        self.count = 0

    def see(self, seen: Recorded) -> Iterator[Finding]:
        """See `Inspection`."""
        match seen.fact:
            case ArtifactStored() as stored:
                self._kept[stored.operation_id] = _Kept(seen.position, seen.stream_id, stored)
            case ArtifactRemoved(operation_id=operation_id):
                self._kept.pop(operation_id, None)
        yield from ()

    def close(self) -> Iterator[Finding]:
        """See `Inspection`."""
        for kept in self._kept.values():
            self.count += 1
            if problem := self._problem(kept.stored):
                yield Finding(
                    check=Check.ARTIFACTS,
                    position=kept.position,
                    last=kept.position,
                    subject=f"artifact {kept.stored.name!r} of {self._names.of(kept.build_id)}",
                    detail=problem,
                    affects="it can't be downloaded, nor used by later builds",
                )
        yield from self._others()

    def _problem(self, stored: ArtifactStored) -> str:
        if problem := self._look(stored.sha256):
            return problem
        if not stored.directory:
            size = self._path(stored.sha256).stat().st_size
            return "" if size == stored.size_bytes else f"it has {size} bytes where the fact says {stored.size_bytes}"
        try:
            manifest = Manifest.parse(self._path(stored.sha256).read_bytes())
        except (OSError, ManifestError) as error:
            return f"what is in the directory can't be read: {error}"
        for entry in manifest.entries:
            if entry.type == "file" and (problem := self._look(entry.sha256)):
                return f"its file {entry.path!r}: {problem}"
        return ""

    def _others(self) -> Iterator[Finding]:
        """Files that no artifact needs: of an upload under way, or to be swept away."""
        for path in sorted(self._directory.glob("[0-9a-f][0-9a-f]/*")):
            if path.name not in self._looked and (problem := self._look(path.name)):
                yield Finding(
                    check=Check.ARTIFACTS,
                    position=1,
                    last=1,
                    subject=f"file {path}",
                    detail=problem,
                    affects="no artifact that is kept needs it",
                )

    def _look(self, sha256: str) -> str:
        """What is wrong with the file of this name; read once."""
        found = self._looked.get(sha256)
        if found is None:
            found = self._looked[sha256] = self._read(sha256)
        return found

    def _read(self, sha256: str) -> str:
        path = self._path(sha256)
        hasher = hashlib.sha256()
        try:
            with path.open("rb") as file:
                while piece := file.read(READ_BYTES):
                    hasher.update(piece)
        except FileNotFoundError:
            return f"{path} is missing"
        except OSError as error:
            return f"{path} can't be read: {error.strerror}"
        return (
            "" if hasher.hexdigest() == sha256 else f"{path} has the digest {hasher.hexdigest()}, not that of its name"
        )

    def _path(self, sha256: str) -> Path:
        return self._directory / sha256[:2] / sha256
