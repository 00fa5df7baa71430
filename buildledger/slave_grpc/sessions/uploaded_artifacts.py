"""Stores what uploads bring as artifacts: their files are there already, a directory gets its manifest."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import msgspec

from buildledger.domain.build import StoreArtifact
from buildledger.domain.command import Command
from buildledger.events.answers import KeptArtifact, answer_text
from buildledger.events.build import ArtifactStored
from buildledger.events.operation import Ended, EndReason, Upload
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.logs.artifacts import ArtifactStore
from buildledger.logs.artifacts_manifest import Manifest, ManifestError
from buildledger.slave_grpc.sessions.masking import MaskSource, mask_reports, shows_secret
from buildledger.slave_grpc.state.open_work import OpenOperation
from buildledger.slave_grpc.wire import upload_result


class UploadedArtifacts:
    """The artifacts of the builds of one worker."""

    def __init__(
        self, artifacts: ArtifactStore, received_sizes: Callable[[OpenOperation], Mapping[str, int]], masks: MaskSource
    ) -> None:
        """`received_sizes` gives the sizes of the files that a run has sent, by SHA-256."""
        self._artifacts = artifacts
        self._received_sizes = received_sizes
        self._masks = masks

    async def store(
        self, operation: OpenOperation, spec: Upload, files: Sequence[pb.FileResult], ended: Ended
    ) -> tuple[Ended, Sequence[Command]]:
        """Store what an upload brought; returns its operation's end, and the command that records the artifact."""
        replace = msgspec.structs.replace
        try:
            found = upload_result.stored_artifact(spec, files, self._received_sizes(operation))
            if isinstance(found, Manifest):
                found = await asyncio.to_thread(self._without_secrets, operation, spec, found)
                sha256 = await asyncio.to_thread(self._artifacts.put, found.encode())
                size, count = found.size_bytes, len(found.files)
                found = KeptArtifact(sha256=sha256, size_bytes=size, directory=True, file_count=count)
        except ManifestError as error:
            return replace(ended, reason=EndReason.REFUSED_PATH, exit_code=None, detail=str(error)), ()
        except upload_result.NothingStoredError as error:
            return replace(ended, reason=error.reason, exit_code=None, detail=str(error)), ()
        except OSError as error:
            detail = f"the server's disk takes no more: {error.strerror}"
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

    def _without_secrets(self, operation: OpenOperation, spec: Upload, found: Manifest) -> Manifest:
        """Test reports with their secrets hidden; other files as they are, if no name tells a secret.

        Raises:
            NothingStoredError: One does.
        """
        mask = self._masks.of(operation.secrets)
        if mask is None:
            return found
        if spec.reports:
            return mask_reports(found, mask, self._artifacts)
        if shows_secret(found, mask):
            raise upload_result.NothingStoredError(EndReason.REFUSED_PATH, "the name of a file in it holds a secret")
        return found
