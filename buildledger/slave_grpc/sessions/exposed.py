"""Finds the secrets of a build in the files that it leaves behind; the files stay as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from buildledger.events.answers import ExposedSecret
from buildledger.events.limits import storable
from buildledger.logs.artifacts import ArtifactStore
from buildledger.logs.artifacts_manifest import Entry
from buildledger.slave_grpc.sessions.masking import MaskSource
from buildledger.slave_grpc.state.open_work import OpenOperation

FILE_BYTES = 16 << 20
"""Larger files aren't looked through."""
ARTIFACT_BYTES = 64 << 20
"""Of one artifact so much is looked through, in the order of its files: it takes seconds at most."""
PATH_CHARACTERS = 200


def exposed_secrets(
    files: Iterable[Entry], operation: OpenOperation, masks: MaskSource, artifacts: ArtifactStore
) -> Sequence[ExposedSecret]:
    """Which files hold which secrets of an operation's build, in any form in which output would hide them. Blocks.

    Raises:
        OSError
    """
    names, build_id = operation.secrets, operation.build_id
    every = masks.of(names, build_id)
    if every is None:
        return ()
    each = {name: mask for name in sorted(names) if (mask := masks.of([name], build_id)) is not None}
    return tuple(
        ExposedSecret(path=storable(path, PATH_CHARACTERS), secret=name)
        for path, data in _looked_through(files, artifacts)
        if every(data) != data
        for name, mask in each.items()
        if mask(data) != data
    )


def _looked_through(files: Iterable[Entry], artifacts: ArtifactStore) -> Iterator[tuple[str, bytes]]:
    """Paths and contents, as far as the limits go."""
    left = ARTIFACT_BYTES
    for file in files:
        if file.size <= min(FILE_BYTES, left):
            left -= file.size
            yield file.path, b"".join(artifacts.read(file.sha256))
