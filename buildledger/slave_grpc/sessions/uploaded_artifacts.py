"""Stores what uploads bring as artifacts: their files are there already, a directory gets its manifest."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from buildledger.domain.build import StoreArtifact
from buildledger.domain.command import Command
from buildledger.events.answers import EXPOSED_MAX, KeptArtifact, answer_text
from buildledger.events.build import ArtifactStored
from buildledger.events.operation import Ended, EndReason, Mask, Upload, mask_text
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.logs.artifacts import ArtifactStore
from buildledger.logs.artifacts_manifest import Entry, Manifest, ManifestError
from buildledger.slave_grpc.sessions.exposed import exposed_secrets
from buildledger.slave_grpc.sessions.masking import REPORT_BYTES, MaskSource, mask_reports, shows_secret
from buildledger.slave_grpc.state.open_work import OpenOperation
from buildledger.slave_grpc.wire import upload_result

_log = logging.getLogger(__name__)


class UploadedArtifacts:
    """The artifacts of the builds of one worker."""

    def __init__(
        self,
        artifacts: ArtifactStore,
        received_sizes: Callable[[OpenOperation], Mapping[str, int]],
        masks: MaskSource,
        *,
        report_bytes: int = REPORT_BYTES,
    ) -> None:
        """`received_sizes` gives the sizes of the files that a run has sent, by SHA-256."""
        self._artifacts = artifacts
        self._received_sizes = received_sizes
        self._masks = masks
        self._report_bytes = report_bytes

    async def store(
        self, operation: OpenOperation, spec: Upload, files: Sequence[pb.FileResult], ended: Ended
    ) -> tuple[Ended, Sequence[Command]]:
        """Store what an upload brought; returns its operation's end, and the command that records the artifact."""
        replace = msgspec.structs.replace
        try:
            found = upload_result.stored_artifact(spec, files, self._received_sizes(operation))
            if isinstance(found, KeptArtifact):
                single = Entry(path=spec.artifact, type="file", size=found.size_bytes, sha256=found.sha256)
                found = await asyncio.to_thread(self._with_exposed, operation, [single], found)
            elif isinstance(found, Manifest):
                found = await asyncio.to_thread(self._without_secrets, operation, spec, found)
                sha256 = await asyncio.to_thread(self._artifacts.put, found.encode())
                size, files_kept = found.size_bytes, found.files
                found = KeptArtifact(sha256=sha256, size_bytes=size, directory=True, file_count=len(files_kept))
                if not spec.reports:
                    found = await asyncio.to_thread(self._with_exposed, operation, files_kept, found)
        except ManifestError as error:
            return replace(ended, reason=EndReason.REFUSED_PATH, exit_code=None, detail=str(error)), ()
        except upload_result.NothingStoredError as error:
            return replace(ended, reason=error.reason, exit_code=None, detail=str(error)), ()
        except FileNotFoundError as error:
            detail = f"a file that was sent is gone from the server: {error}"
            return replace(ended, reason=EndReason.IO_ERROR, exit_code=None, detail=detail), ()
        except OSError as error:
            detail = f"the server's disk takes no more: {error.strerror or error}"
            return replace(ended, reason=EndReason.IO_ERROR, exit_code=None, detail=detail), ()
        if found is None:
            return ended, ()
        artifact = ArtifactStored(
            name=spec.artifact,
            size_bytes=found.size_bytes,
            sha256=found.sha256,
            operation_id=operation.operation_id,
            directory=found.directory,
            file_count=found.file_count,
            mode=found.mode,
        )
        stored = StoreArtifact(build_id=operation.build_id, artifact=artifact)
        return replace(ended, text=answer_text(found)), [stored]

    def originals(self, operation: OpenOperation, commands: Sequence[Command]) -> Sequence[str]:
        """The files that an upload of test reports has sent and that what is recorded of it doesn't need. Blocks."""
        if not isinstance(operation.spec, Upload) or not operation.spec.reports:
            return ()
        kept = [command.artifact.sha256 for command in commands if isinstance(command, StoreArtifact)]
        needed = frozenset[str]().union(*(Manifest.load(self._artifacts, sha256).digests() for sha256 in kept))
        return [sha256 for sha256 in self._received_sizes(operation) if sha256 not in needed]

    def withdraw(self, operation: OpenOperation, originals: Sequence[str]) -> None:
        """Remove files that nobody needs, and that may hold what was hidden in those that are kept. Blocks."""
        for sha256 in originals:
            try:
                self._artifacts.withdraw(str(operation.operation_id), sha256)
            except OSError as error:
                _log.warning("an original of a test report stays until old files are removed: %s", error)

    def _with_exposed(self, operation: OpenOperation, files: Iterable[Entry], kept: KeptArtifact) -> KeptArtifact:
        """The same with the secrets of its build that files show, which stay as they are."""
        found = exposed_secrets(files, operation, self._masks, self._artifacts)
        return msgspec.structs.replace(kept, exposed=tuple(found[:EXPOSED_MAX]), exposed_count=len(found))

    def _without_secrets(self, operation: OpenOperation, spec: Upload, found: Manifest) -> Manifest:
        """Test reports with their secrets hidden; other files as they are, if no name tells a secret.

        Raises:
            NothingStoredError: One does, or a report is too large to be looked through.
        """
        mask = self._masks.of(operation.secrets, operation.build_id)
        if mask is None:
            return found
        if spec.reports:
            _check_sizes(found, mask, self._report_bytes)
            return mask_reports(found, mask, self._artifacts)
        if shows_secret(found, mask):
            raise upload_result.NothingStoredError(EndReason.REFUSED_PATH, "the name of a file in it holds a secret")
        return found


def _check_sizes(reports: Manifest, mask: Mask, largest: int) -> None:
    for file in reports.files:
        if file.size > largest:
            path = mask_text(mask, file.path)
            detail = f"{path}: {file.size} bytes; secrets are hidden in reports of up to {largest}"
            raise upload_result.NothingStoredError(EndReason.TOO_LARGE, detail)
