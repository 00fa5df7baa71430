"""Artifacts: files and directories that builds have stored."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Request, Response

from buildledger.api.http import downloads
from buildledger.api.http.dependencies import ApiDependencies, Dependencies
from buildledger.api.http.parameters import IdPath
from buildledger.api.http.problems import Gone, NotFound
from buildledger.api.http.responses import JsonResponse
from buildledger.api.http.routing import api_router
from buildledger.api.models import artifacts as models
from buildledger.api.queries.artifacts import artifact_of, artifacts_of
from buildledger.api.queries.builds import seq_of
from buildledger.api.queries.readings import ReadModelsAsOf
from buildledger.logs.artifacts_manifest import PATH_MAX_BYTES, Entry, Manifest

_BYTES = {"schema": {"type": "string", "format": "binary"}}
FILE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": {downloads.BINARY: _BYTES}},
    206: {"description": "The range asked for.", "content": {downloads.BINARY: _BYTES}},
}
ANY_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file, or the directory.", "content": {downloads.BINARY: _BYTES, downloads.ZIP: _BYTES}},
    206: FILE_RESPONSES[206],
}

router = api_router("builds")


@router.get("/builds/{build_id}/artifacts")
def list_artifacts(read_models: ReadModelsAsOf, build_id: IdPath) -> JsonResponse[models.ArtifactList]:
    """The artifacts of a build, also those that were removed."""
    with read_models.read("status") as readings:
        seq = seq_of(readings["status"], build_id)
        items = artifacts_of(readings["status"], seq, readings.deps.keep_artifacts)
        return readings.respond(models.ArtifactList(items=items, position=readings.position))


@router.get("/artifacts/{operation_id}/entries")
def read_entries(read_models: ReadModelsAsOf, operation_id: IdPath) -> JsonResponse[models.ArtifactDetail]:
    """An artifact and, of a directory, all that is in it."""
    with read_models.read("status") as readings:
        found = artifact_of(readings["status"], operation_id, readings.deps.keep_artifacts)
        if found is None:
            raise NotFound("artifact", operation_id)
        artifact, build_id = found
        entries = _manifest(readings.deps, artifact).entries if artifact.kind == "directory" else ()
        items = [_entry(entry) for entry in entries]
        detail = models.ArtifactDetail(artifact=artifact, build_id=build_id, entries=items, position=readings.position)
        return readings.respond(detail)


@router.head("/artifacts/{operation_id}", include_in_schema=False)
@router.get("/artifacts/{operation_id}", responses=ANY_RESPONSES)
def read_artifact(request: Request, deps: Dependencies, operation_id: IdPath) -> Response:
    """The file that a build stored, or the directory as a zip. Always a download: no page of this server shows
    what a build made."""
    artifact = _known(deps, operation_id)
    if artifact.kind == "directory":
        manifest = _manifest(deps, artifact)
        return downloads.zip_response(request, deps.artifacts, artifact.sha256, manifest, artifact.name)
    return downloads.file_response(request, deps.artifacts, artifact.sha256, artifact.size_bytes, artifact.name)


@router.head("/artifacts/{operation_id}/files/{path:path}", include_in_schema=False)
@router.get("/artifacts/{operation_id}/files/{path:path}", responses=FILE_RESPONSES)
def read_file(
    request: Request,
    deps: Dependencies,
    operation_id: IdPath,
    path: Annotated[
        str,
        Path(max_length=PATH_MAX_BYTES, description="Its path in the directory.", examples=["dist/widget.whl"]),
    ],
) -> Response:
    """One file of a directory, as a download."""
    artifact = _known(deps, operation_id)
    entry = _manifest(deps, artifact).entry(path) if artifact.kind == "directory" else None
    if entry is None or entry.type != "file":
        raise NotFound("file in this artifact", repr(path))
    return downloads.file_response(request, deps.artifacts, entry.sha256, entry.size, path)


def _known(deps: ApiDependencies, operation_id: UUID) -> models.Artifact:
    """An artifact whose bytes are here.

    Raises:
        NotFound: there never was one.
        Gone: it was removed.
        ArtifactAlteredError: it isn't what was stored.
    """
    with deps.views.read(None, "status") as (status,):
        found = artifact_of(status, operation_id, deps.keep_artifacts)
    if found is None:
        raise NotFound("artifact", operation_id)
    artifact, _ = found
    if artifact.removed_at is not None:
        raise _gone(artifact)
    try:
        deps.artifacts.check(artifact.sha256)
    except FileNotFoundError:
        raise _gone(artifact) from None
    return artifact


def _manifest(deps: ApiDependencies, artifact: models.Artifact) -> Manifest:
    """What is in a directory, all of which is here.

    Raises:
        Gone: it, or something in it, was removed.
        ArtifactAlteredError: it, or something in it, isn't what was stored.
    """
    if artifact.removed_at is not None:
        raise _gone(artifact)
    try:
        manifest = Manifest.load(deps.artifacts, artifact.sha256)
        for entry in manifest.files:
            deps.artifacts.check(entry.sha256)
    except FileNotFoundError:
        raise _gone(artifact) from None
    return manifest


def _gone(artifact: models.Artifact) -> Gone:
    if artifact.removed_at is None:
        return Gone(
            f"the artifact {artifact.name!r} was kept here, and its bytes are gone from the disk: restore"
            " `artifacts/` from a backup, or build it again"
        )
    why = {"expired": "it was older than artifacts are kept", "quota": "room was needed for newer ones"}
    reason = why.get(artifact.removed_because or "", artifact.removed_because)
    return Gone(f"the artifact {artifact.name!r} was removed on {artifact.removed_at:%Y-%m-%d}: {reason}")


def _entry(entry: Entry) -> models.ArtifactEntry:
    return models.ArtifactEntry(
        path=entry.path,
        kind=entry.type,
        size_bytes=entry.size,
        executable=bool(entry.mode & 0o100),
        sha256=entry.sha256 or None,
        target=entry.target or None,
    )
