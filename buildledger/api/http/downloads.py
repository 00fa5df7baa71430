"""Files as answers: whole or in part, with headers under which no browser shows or runs what a build made."""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Generator
from contextlib import closing
from urllib.parse import quote

from fastapi import Request, Response

from buildledger.api.http.problems import RangeNotSatisfiable
from buildledger.api.http.responses import Download
from buildledger.logs.artifacts import ArtifactStore
from buildledger.logs.artifacts_manifest import Entry, Manifest
from buildledger.logs.pieces import no_pieces, read_in_threads

BINARY = "application/octet-stream"
ZIP = "application/zip"
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_LONGEST_NAME = 200
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first time that a zip can hold: so equal directories are equal zips."""
_USUAL_MODE = 0o644
_PERMISSIONS = 0o777
"""Neither set-uid nor set-gid, whoever unpacks it."""
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\\:]")


def byte_range(wanted: str | None, size_bytes: int, what: str) -> tuple[int, int]:
    """The bytes that a Range header asks for; all of them where it says nothing that is understood.

    Raises:
        RangeNotSatisfiable: there are no such bytes.
    """
    match = _RANGE.fullmatch(wanted) if wanted is not None else None
    if match is None or match[1] == match[2] == "":
        return 0, size_bytes
    if match[1] == "":
        begin, end = max(0, size_bytes - int(match[2])), size_bytes
    else:
        begin = int(match[1])
        end = min(size_bytes, int(match[2]) + 1) if match[2] else size_bytes
    if begin >= end:
        problem = RangeNotSatisfiable(f"{what} has {size_bytes} bytes")
        problem.headers = {"Content-Range": f"bytes */{size_bytes}"}
        raise problem
    return begin, end


def file_response(request: Request, artifacts: ArtifactStore, sha256: str, size_bytes: int, name: str) -> Response:
    """A file of the store, or the part of it that is asked for; nothing if the caller has it.

    Raises:
        RangeNotSatisfiable: there are no such bytes.
    """
    headers = _headers(sha256, name)
    if _has_it(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    wanted = request.headers.get("range")
    if request.headers.get("if-range", headers["ETag"]) != headers["ETag"]:
        wanted = None
    begin, end = byte_range(wanted, size_bytes, "the file")
    whole = (begin, end) == (0, size_bytes)
    headers |= {"Accept-Ranges": "bytes", "Content-Length": str(end - begin)}
    if not whole:
        headers["Content-Range"] = f"bytes {begin}-{end - 1}/{size_bytes}"
    pieces = no_pieces() if request.method == "HEAD" else read_in_threads(_part(artifacts, sha256, begin, end))
    return Download(pieces, status_code=200 if whole else 206, headers=headers, media_type=BINARY)


def zip_response(request: Request, artifacts: ArtifactStore, sha256: str, manifest: Manifest, name: str) -> Response:
    """A directory as a zip that is made while it is sent; nothing if the caller has it."""
    headers = _headers(sha256, f"{name}.zip")
    if _has_it(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    pieces = no_pieces() if request.method == "HEAD" else read_in_threads(_zipped(artifacts, manifest))
    return Download(pieces, headers=headers, media_type=ZIP)


def _headers(sha256: str, name: str) -> dict[str, str]:
    shown = name.rpartition("/")[2][-_LONGEST_NAME:] or "artifact"
    return {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(shown, safe='')}",
        "Cache-Control": "private, max-age=31536000, immutable",
        "ETag": f'"{sha256}"',
    }


def _has_it(request: Request, etag: str) -> bool:
    asked = request.headers.get("if-none-match", "")
    return asked.strip() == "*" or etag in (part.strip().removeprefix("W/") for part in asked.split(","))


def _part(artifacts: ArtifactStore, sha256: str, begin: int, end: int) -> Generator[bytes]:
    left = end - begin
    if left == 0:
        return
    with closing(artifacts.read(sha256, begin)) as pieces:
        for piece in pieces:
            yield piece[:left]
            left -= len(piece)
            if left <= 0:
                return


class _Sink:
    """The file that a zip is written to; `take` hands over what was written since the last time."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken


def _zipped(artifacts: ArtifactStore, manifest: Manifest) -> Generator[bytes]:
    """The zip in pieces. It isn't compressed, as most of what builds store already is."""
    sink = _Sink()
    taken: set[str] = set()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for entry in manifest.entries:
            info = _info(entry, _free_name(_safe(entry.path), taken))
            with archive.open(info, "w", force_zip64=entry.size >= zipfile.ZIP64_LIMIT) as target:
                if entry.type == "link":
                    target.write(_safe(entry.target).encode())
                if entry.type == "file":
                    with closing(artifacts.read(entry.sha256)) as pieces:
                        for piece in pieces:
                            target.write(piece)
                            yield sink.take()
            yield sink.take()
    yield sink.take()


def _safe(path: str) -> str:
    """A path without what leads elsewhere on the system where the zip is unpacked.

    A backslash divides names on Windows, and a colon names a drive or a stream; control characters forge listings.
    """
    return _UNSAFE.sub("_", path)


def _free_name(path: str, taken: set[str]) -> str:
    """The path, or one beside it if making it safe has given it the name of another."""
    free, number = path, 1
    while free in taken:
        number += 1
        free = f"{path}~{number}"
    taken.add(free)
    return free


def _info(entry: Entry, path: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(f"{path}/" if entry.type == "directory" else path, _EPOCH)
    info.create_system = 3  # whose attributes hold the mode of Unix
    match entry.type:
        case "file":
            mode = stat.S_IFREG | (entry.mode & _PERMISSIONS or _USUAL_MODE)
        case "link":
            mode = stat.S_IFLNK | 0o777
        case "directory":
            mode = stat.S_IFDIR | 0o755
    info.external_attr = mode << 16
    return info
