"""The workers of all three languages tell a quota of the server from its other refusals, by a code and not by words."""

import errno
from pathlib import Path

import pytest

from buildledger.events.operation import Run, Upload
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.logs.artifacts import ArtifactLimits
from buildledger.slave_grpc.wire.outcome_mapping import outcome_of_exited
from tests.slave_grpc.service import Installation
from tests.slave_grpc.worker_programs import PROGRAMS, worker_program

UPLOAD = Upload(path="large", artifact="large", limit_bytes=1 << 30)


def full(*upload: object) -> None:
    """What a store does whose disk is full."""
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("language", PROGRAMS)
async def test_quota_and_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    """A file beyond the quota of a build is too large; one that the server's disk doesn't take is an I/O error."""
    installation = Installation(tmp_path / "server", ArtifactLimits(build_bytes=200_000))
    await installation.start()
    await installation.issue_token("token")
    server = f"127.0.0.1:{installation.port}"
    async with worker_program(language, tmp_path / "worker", "--server", server, "--token", "token"):
        build = await installation.build("bob")
        script = "head -c 300000 /dev/urandom > large"
        assert (await installation.ended(await installation.operation(build, Run(script=script), 0))).ok
        ended = await installation.ended(await installation.operation(build, UPLOAD, 1))
        assert (ended.reason, "300000 bytes" in ended.detail) == ("too_large", True), ended
        assert ended.detail.startswith("large: "), ended
        script = "head -c 100000 /dev/urandom > large"
        assert (await installation.ended(await installation.operation(build, Run(script=script), 2))).ok
        monkeypatch.setattr(installation.artifacts, "upload", full)
        ended = await installation.ended(await installation.operation(build, UPLOAD, 3))
        assert (ended.reason, "disk takes no more" in ended.detail) == ("io_error", True), ended
        assert ended.detail.startswith("large: "), ended
    await installation.stop()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (pb.FILE_ERROR_CODE_OVER_QUOTA, "too_large"),
        (pb.FILE_ERROR_CODE_TOO_LARGE, "too_large"),
        (pb.FILE_ERROR_CODE_NOT_FOUND, "no_file"),
        (pb.FILE_ERROR_CODE_BLOB, "io_error"),
    ],
)
def test_words_count_for_nothing(code: pb.FileErrorCode.ValueType, reason: str) -> None:
    """Whatever the message of a failed transfer says, its code decides."""
    error = pb.FileError(code=code, message="RESOURCE_EXHAUSTED: a quota")
    exited = pb.Exited(code=1, reason=pb.EXIT_REASON_FILE_FAILED)
    assert outcome_of_exited(exited, UPLOAD, [pb.FileResult(error=error)], (), ("", False)).reason == reason
