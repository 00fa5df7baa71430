"""What of a worker's report is masked once more before it is kept: a worker may not have done it, or couldn't."""

import asyncio
from collections.abc import Collection
from typing import Protocol

import msgspec

from buildledger.events.ids import BuildId
from buildledger.events.operation import Ended, Mask, mask_text
from buildledger.logs.artifacts import ArtifactStore, read_whole
from buildledger.logs.artifacts_manifest import Entry, Manifest
from buildledger.reports.masked import masked_report
from buildledger.slave_grpc.state.open_work import OpenOperation

REPORT_BYTES = 32 << 20
"""A larger file is no test report: where there are secrets to hide, it isn't kept."""


class MaskSource(Protocol):
    """Makes masks for the secrets of builds; calls block."""

    def of(self, names: Collection[str], build_id: BuildId) -> Mask | None:
        """A mask for secrets of a build by their names; None: there is nothing to mask."""
        ...


class NoMasks:
    """The source of a server that has no secrets."""

    def of(self, names: Collection[str], build_id: BuildId) -> Mask | None:
        """See `MaskSource`."""
        del names, build_id
        return None


async def mask_ended(ended: Ended, operation: OpenOperation, masks: MaskSource) -> Ended:
    """An end without the secrets of its build in what the worker says and what was captured."""
    if not operation.secrets or not (ended.detail or ended.text):
        return ended
    mask = await asyncio.to_thread(masks.of, operation.secrets, operation.build_id)
    if mask is None:
        return ended
    return msgspec.structs.replace(ended, detail=mask_text(mask, ended.detail), text=mask_text(mask, ended.text))


def mask_reports(manifest: Manifest, mask: Mask, artifacts: ArtifactStore) -> Manifest:
    """A directory of test reports without secrets in their contents and names. Blocks.

    Raises:
        OSError
        ManifestError: Two names are one without their secrets.
    """
    return Manifest.of(_masked(entry, mask, artifacts) for entry in manifest.entries)


def shows_secret(manifest: Manifest, mask: Mask) -> bool:
    """Whether the name of something in a directory holds a secret."""
    return any(mask_text(mask, entry.path) != entry.path for entry in manifest.entries)


def _masked(entry: Entry, mask: Mask, artifacts: ArtifactStore) -> Entry:
    replace = msgspec.structs.replace
    entry = replace(entry, path=mask_text(mask, entry.path), target=mask_text(mask, entry.target))
    if entry.type != "file":
        return entry
    data = read_whole(artifacts, entry.sha256)
    hidden = masked_report(data, mask)
    return entry if hidden == data else replace(entry, sha256=artifacts.put(hidden), size=len(hidden))
