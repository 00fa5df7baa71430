"""A build that stores artifacts, made by commands."""

from __future__ import annotations

from buildledger.domain.build import (
    FinishBuild,
    FinishOperation,
    FinishStep,
    RequestOperation,
    StartStep,
    StoreArtifact,
)
from buildledger.events.build import ArtifactStored
from buildledger.events.ids import BuildId, OperationId, operation_id
from buildledger.events.operation import Ended, Upload
from buildledger.events.results import Result
from buildledger.logs.artifacts_manifest import Entry, Manifest
from tests.api.conftest import Site

HTML = b"<script>alert(1)</script>" * 1000


class Builds:
    """A build that runs, and what it hands over."""

    def __init__(self, site: Site, branch: str = "", *, checkout: bool = True) -> None:
        self.site = site
        site.world.submit("lint", branch, checkout=checkout)
        build = site.world.assign()
        assert build is not None
        self.build: BuildId = build
        site.world.execute(StartStep(build_id=build, step=0, name="upload", program="upload", program_version=1))
        self.operations: list[OperationId] = []

    def operation(self) -> OperationId:
        """An upload that was asked for."""
        operation = operation_id(self.build, 0, len(self.operations))
        self.operations.append(operation)
        spec = Upload(path="a", artifact="a", limit_bytes=1)
        self.site.world.execute(
            RequestOperation(build_id=self.build, operation_id=operation, step=0, label="upload", spec=spec)
        )
        return operation

    def keep(self, name: str, content: bytes) -> OperationId:
        """A file."""
        return self._stored(
            ArtifactStored(name=name, size_bytes=len(content), sha256=self.put(content), operation_id=self.operation())
        )

    def keep_directory(self, name: str, manifest: Manifest) -> OperationId:
        """A directory, whose files are there already."""
        digest = self.put(manifest.encode())
        stored = ArtifactStored(
            name=name,
            size_bytes=manifest.size_bytes,
            sha256=digest,
            operation_id=self.operation(),
            directory=True,
            file_count=len(manifest.files),
        )
        return self._stored(stored)

    def end(self) -> None:
        """The build is over."""
        world, build = self.site.world, self.build
        ended, fence = Ended(reason="exited", exit_code=0), world.running[build].assigned.fence
        for operation in self.operations:
            world.execute(FinishOperation(build_id=build, operation_id=operation, fence=fence, ended=ended))
        world.execute(
            FinishStep(build_id=build, step=0, result=Result.SUCCESS),
            FinishBuild(build_id=build, result=Result.SUCCESS),
        )
        self.site.settle()

    def put(self, content: bytes) -> str:
        """A file of the store."""
        return self.site.deps.artifacts.put(content)

    def _stored(self, artifact: ArtifactStored) -> OperationId:
        self.site.world.execute(StoreArtifact(build_id=self.build, artifact=artifact))
        self.site.settle()
        return artifact.operation_id


def a_directory(builds: Builds) -> Manifest:
    """A page, a program, a link and an empty directory."""
    target = "bin/tool"
    builds.put(target.encode())
    return Manifest.of(
        [
            Entry(path="index.html", type="file", mode=0o644, size=len(HTML), sha256=builds.put(HTML)),
            Entry(path="bin/tool", type="file", mode=0o755, size=4, sha256=builds.put(b"tool")),
            Entry(path="naïve", type="link", target=target),
            Entry(path="void", type="directory"),
        ]
    )
