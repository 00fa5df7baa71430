"""Moves files between the server and a Buildbot worker's machine, by way of a directory beside the bridge's journals.

Transfers to and from the server are those of `buildledger.worker`, with a staging directory for the build directory:
digests, limits and going on after a broken connection are the same.
"""

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from buildledger.bridge import script
from buildledger.bridge.files import Files
from buildledger.bridge.machine import Auxiliary, Machine, NoAnswerError, os_error
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.files.operations import file_error
from buildledger.worker.files.paths import PathEscapesError, build_directory, parts_of
from buildledger.worker.files.transfers.blob_store import BlobStore, TransferTask
from buildledger.worker.files.transfers.fetch import fetch_files
from buildledger.worker.files.transfers.upload import MOST_UPLOADS, NO_FILE, upload_files
from buildledger.worker.runs.attempt import Attempt
from buildledger.worker.runs.plan import Plan
from buildledger.worker.runs.transferring import transfer_task

FOLDER = "staging"


def clear(state_dir: Path) -> None:
    """Remove files that a killed bridge left."""
    shutil.rmtree(state_dir / FOLDER, ignore_errors=True)


async def fetch(machine: Machine, attempt: Attempt, plan: Plan, blobs: BlobStore) -> pb.FileError | None:
    """Bring the plan's files from the server to the machine; raises StoppedError, ConnectionLostError."""
    files = Files(machine, plan.spec.builddir)
    with _staged(attempt, plan) as staged:
        if (failed := await fetch_files(staged, blobs)) is not None:
            return failed
        try:
            for wanted in plan.spec.files_in:
                target = await files.resolve(wanted.path)
                command = await _place(machine, _staged_path(staged, wanted.path), target, wanted.mode)
                if not command.ok:
                    raise os_error(command, target)
        except (OSError, PathEscapesError, NoAnswerError) as error:
            return file_error(os.fsencode(files.root), error)
    return None


async def upload(machine: Machine, attempt: Attempt, plan: Plan, blobs: BlobStore, *, succeeded: bool) -> pb.FileResult:
    """Bring what the plan asks for from the machine to the server; raises StoppedError, ConnectionLostError."""
    files = Files(machine, plan.spec.builddir)
    with _staged(attempt, plan) as staged:
        try:
            for wanted in plan.spec.files_out:
                if succeeded or wanted.always:
                    await _pull_all(machine, files, staged, wanted)
        except (OSError, PathEscapesError, NoAnswerError) as error:
            return pb.FileResult(error=file_error(os.fsencode(files.root), error))
        except _TooLargeError as error:
            return pb.FileResult(error=error.error)
        return await upload_files(staged, blobs, succeeded=succeeded)


class _TooLargeError(Exception):
    """A file is over the limit, so that it isn't even fetched."""

    def __init__(self, path: bytes, message: str) -> None:
        self.error = pb.FileError(code=pb.FILE_ERROR_CODE_TOO_LARGE, path=path, message=message)
        super().__init__(message)


async def _place(machine: Machine, staged: bytes, target: str, mode: int) -> Auxiliary:
    """Bring one file, link or directory to the machine."""
    match stat.S_IFMT(mode):
        case stat.S_IFLNK:
            points_to = os.readlink(staged).decode()  # noqa: PTH115 - bytes
            return await machine.shell(script.LINK, points_to, target)
        case stat.S_IFDIR:
            return await machine.ask("mkdir", paths=[target])
        case _:
            with open(staged, "rb") as source:  # noqa: ASYNC230, PTH123 - bytes, a local file
                return await machine.push(source, target, stat.S_IMODE(mode) or 0o644)


async def _pull_all(machine: Machine, files: Files, staged: TransferTask, wanted: pb.FileOut) -> None:
    """Copy each regular file that matches into the staging directory, under its own name."""
    found = await files.find(wanted.pattern)
    odd = sorted(path for path, kind in found.items() if kind == pb.FILE_TYPE_OTHER)
    if odd:
        raise OSError(errno.EINVAL, f"{odd[0]} {NO_FILE}", odd[0])
    regular = sorted(path for path, kind in found.items() if kind == pb.FILE_TYPE_REGULAR)
    if len(regular) > MOST_UPLOADS:
        raise _TooLargeError(wanted.pattern, f"more than {MOST_UPLOADS} files")
    for path in regular:
        entry = await files.describe(path, pb.FILE_TYPE_REGULAR)
        if entry is None:
            continue
        if wanted.size_limit and entry.size > wanted.size_limit:
            raise _TooLargeError(entry.path, f"larger than {wanted.size_limit} bytes")
        target = _staged_path(staged, entry.path)
        os.makedirs(target.rpartition(b"/")[0], exist_ok=True)  # noqa: PTH103 - bytes
        with open(target, "wb") as sink:  # noqa: ASYNC230, PTH123 - bytes, a local file
            command = await machine.pull(path, sink, wanted.size_limit or None)
        if not command.ok:
            raise os_error(command, path)
        os.chmod(target, entry.mode | stat.S_IRUSR)  # noqa: PTH101 - bytes
        os.utime(target, (entry.modified_at.seconds, entry.modified_at.seconds))


def _staged_path(staged: TransferTask, path: bytes) -> bytes:
    """Where a file of the machine lies meanwhile, in a directory that nobody else writes to."""
    return b"/".join((staged.directory.path, *parts_of(path)))


@contextmanager
def _staged(attempt: Attempt, plan: Plan) -> Iterator[TransferTask]:
    """The transfers of an attempt, with an empty directory of the bridge in place of the build directory."""
    folder = attempt.store.settings.state_dir / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    directory = Path(tempfile.mkdtemp(dir=folder)).resolve()
    try:
        yield replace(transfer_task(attempt, plan), directory=build_directory(folder, directory.name))
    finally:
        shutil.rmtree(directory, ignore_errors=True)
