"""From the file results of an upload to the artifact: one file, or a directory with its manifest."""

import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from buildledger.events.answers import KeptArtifact
from buildledger.events.operation import EndReason, Upload
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.logs.artifacts_manifest import ENTRIES_MAX, Entry, Manifest, ManifestError

NAME_SHOWN_CHARACTERS = 200
PERMISSIONS = 0o777
"""What of a file's mode is kept: neither set-uid nor set-gid."""


class NothingStoredError(Exception):
    """An upload brought nothing that can be stored; the text is for people, `reason` ends the operation."""

    def __init__(self, reason: EndReason, text: str) -> None:
        super().__init__(text)
        self.reason = reason


def stored_artifact(
    spec: Upload, results: Sequence[pb.FileResult], received_sizes: Mapping[str, int]
) -> KeptArtifact | Manifest | None:
    """The file or directory that an upload brought; None if it brought nothing and may.

    `received_sizes` are those of the files that the run has really sent, by SHA-256: what a worker says isn't believed,
    for another build's file could be had by its digest.

    Raises:
        NothingStoredError: There is nothing where something has to be, too much, or something that isn't allowed.
    """
    if any(result.truncated for result in results):
        raise NothingStoredError(
            EndReason.TOO_LARGE, f"there are more than {ENTRIES_MAX} files and directories in {spec.path!r}"
        )
    for entry in (entry for result in results for entry in result.entries if entry.sha256):
        if received_sizes.get(entry.sha256.hex()) != entry.size:
            name = entry.path.decode("utf-8", "backslashreplace")
            raise NothingStoredError(
                EndReason.LOST, f"the worker says that it has sent {name[:200]!r} ({entry.size} bytes), and it hasn't"
            )
    path = posixpath.normpath(spec.path)
    found = {entry.path: entry for result in results for entry in result.entries if not entry.sha256}
    sent = {entry.path: entry for result in results for entry in result.entries if entry.sha256}
    itself = path.encode("utf-8", "surrogateescape")
    if itself in sent and not spec.files:
        file = sent[itself]
        return KeptArtifact(sha256=file.sha256.hex(), size_bytes=file.size, mode=file.mode & PERMISSIONS)
    if itself in found and not spec.files and found[itself].type != pb.FILE_TYPE_DIRECTORY:
        raise NothingStoredError(EndReason.NOT_A_FILE, _what_it_is(spec.path, found[itself]))
    if not found and not sent:
        if spec.optional:
            return None
        matching = f"nothing in {spec.path!r} matches {', '.join(spec.files)}"
        raise NothingStoredError(EndReason.NO_FILE, matching if spec.files else f"there is no {spec.path!r}")
    try:
        return Manifest.of(_entries(path, [*sent.values(), *found.values()], sent))
    except ManifestError as error:
        raise NothingStoredError(EndReason.REFUSED_PATH, str(error)) from error


def _what_it_is(path: str, entry: pb.FileEntry) -> str:
    if entry.type == pb.FILE_TYPE_SYMLINK:
        target = entry.link_target.decode("utf-8", "backslashreplace")
        return f"{path!r} is a link to {target[:200]!r}; upload what it leads to"
    return f"{path!r} is a socket, a pipe or a device"


def _entries(path: str, entries: Iterable[pb.FileEntry], sent: Collection[bytes]) -> Iterator[Entry]:
    """Entries relative to the directory.

    Raises:
        NothingStoredError: Something in it can't be kept, or its content didn't come.
    """
    above = "" if path == "." else path + "/"
    for entry in entries:
        name = entry.path.decode("utf-8", "surrogateescape")
        if not name.startswith(above) or name in (path, "."):
            continue
        below = name.removeprefix(above)
        if entry.sha256:
            yield Entry(
                path=below, type="file", mode=entry.mode & PERMISSIONS, size=entry.size, sha256=entry.sha256.hex()
            )
        elif entry.type == pb.FILE_TYPE_DIRECTORY:
            yield Entry(path=below, type="directory")
        elif entry.type == pb.FILE_TYPE_SYMLINK:
            target = entry.link_target.decode("utf-8", "surrogateescape")
            yield Entry(path=below, type="link", target=target)
        elif entry.type == pb.FILE_TYPE_REGULAR:
            if entry.path not in sent:
                raise NothingStoredError(
                    EndReason.NO_FILE, f"{_shown(entry)} was there, and was gone before it was sent"
                )
        else:
            raise NothingStoredError(EndReason.NOT_A_FILE, f"{_shown(entry)} is a socket, a pipe or a device")


def _shown(entry: pb.FileEntry) -> str:
    return repr(entry.path.decode("utf-8", "backslashreplace")[:NAME_SHOWN_CHARACTERS])
