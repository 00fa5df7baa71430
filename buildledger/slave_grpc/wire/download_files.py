"""The files that a download places: those of an artifact, or of one page of a directory. Blocks on the disk."""

import posixpath
import stat
from collections.abc import Sequence

from buildledger.events.operation import Download, EndReason
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.logs.artifacts import ArtifactAlteredError, ArtifactStore
from buildledger.logs.artifacts_manifest import Entry, Manifest, ManifestError, link_digest
from buildledger.slave_grpc.wire.run_specs import UnsendableError, wire_path
from buildledger.slave_grpc.wire.upload_result import PERMISSIONS


def files_of(download: Download, artifacts: ArtifactStore) -> Sequence[pb.FileIn]:
    """The files to fetch.

    Raises:
        UnsendableError: The artifact is kept no longer, or is damaged.
    """
    try:
        if not download.directory:
            artifacts.check(download.sha256)
            blob = pb.Blob(sha256=bytes.fromhex(download.sha256), size=download.size_bytes)
            return [pb.FileIn(blob=blob, path=wire_path(download.path), mode=download.mode & PERMISSIONS)]
        pages = Manifest.load(artifacts, download.sha256).pages()
        return [_file(entry, download.path, artifacts) for entry in pages[download.page]]
    except FileNotFoundError:
        text = f"the artifact {download.artifact!r} is kept no longer"
        raise UnsendableError(text, reason=EndReason.NO_FILE) from None
    except (ManifestError, ArtifactAlteredError) as error:
        raise UnsendableError(
            f"the artifact {download.artifact!r} is damaged: {error}", reason=EndReason.IO_ERROR
        ) from error


def digests_of(files: Sequence[pb.FileIn]) -> frozenset[str]:
    """The SHA-256 digests, in hex, of the blobs among some files."""
    return frozenset(file.blob.sha256.hex() for file in files if file.HasField("blob"))


def _file(entry: Entry, directory: str, artifacts: ArtifactStore) -> pb.FileIn:
    path = wire_path(posixpath.normpath(posixpath.join(directory, entry.path)))
    match entry.type:
        case "file":
            artifacts.check(entry.sha256)
            blob = pb.Blob(sha256=bytes.fromhex(entry.sha256), size=entry.size)
            return pb.FileIn(blob=blob, path=path, mode=entry.mode & PERMISSIONS)
        case "directory":
            return pb.FileIn(path=path, mode=stat.S_IFDIR)
        case "link":
            target = entry.target.encode()
            if not artifacts.has(link_digest(entry)):
                artifacts.put(target)
            blob = pb.Blob(sha256=bytes.fromhex(link_digest(entry)), size=len(target))
            return pb.FileIn(blob=blob, path=path, mode=stat.S_IFLNK)
