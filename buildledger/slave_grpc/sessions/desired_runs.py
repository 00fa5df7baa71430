"""From open operations to the protocol's `DesiredRun`: what one worker is told to do, with specs, secrets and files."""

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Protocol

from buildledger.events.ids import BuildId
from buildledger.events.operation import Download, Ended, EndReason, Run, Upload
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.slave_grpc.sessions.secret_source import SecretLookups
from buildledger.slave_grpc.state.open_work import OpenOperation
from buildledger.slave_grpc.wire.run_specs import ATTEMPT, UnsendableError, run_spec, secret_names

_log = logging.getLogger(__name__)


class RunFiles(Protocol):
    """What an operation needs to transfer files; implemented by `blobs.access.BlobAccess`."""

    def token(self, operation: OpenOperation) -> str:
        """The token that lets the run reach its files, and no others."""
        ...

    async def files(self, operation: OpenOperation) -> Sequence[pb.FileIn]:
        """The files that the run is to fetch.

        Raises:
            UnsendableError: The artifact is kept no longer, or is damaged.
        """
        ...


class DesiredRunBuilder:
    """Builds the desired state of the operations of one worker.

    An operation that this worker can't be given is handed to `refuse`, which ends it.
    """

    def __init__(
        self,
        features: Iterable[str],
        os: str,
        secrets: SecretLookups,
        files: RunFiles,
        *,
        refuse: Callable[[OpenOperation, Ended], None],
    ) -> None:
        self._features = frozenset(features)
        self._os = os
        self._secrets = secrets
        self._files = files
        self._refuse = refuse

    async def build(self, operation: OpenOperation, *, with_spec: bool) -> pb.DesiredRun | None:
        """The desired state of an operation; None if the worker is told nothing of it."""
        run = pb.DesiredRun(run_id=str(operation.operation_id), attempt=ATTEMPT, fence=operation.fence)
        if operation.stop_reason is not None:
            run.want = pb.WANT_STOP
            run.stop.reason = operation.stop_reason
            return run
        run.want = pb.WANT_RUN
        if with_spec:
            try:
                run.spec.CopyFrom(await self._spec(operation))
            except UnsendableError as error:
                self._refuse(operation, Ended(reason=error.reason, detail=str(error)))
                return None
        return run

    async def _spec(self, operation: OpenOperation) -> pb.RunSpec:
        spec = operation.spec
        values = await self._values(secret_names(spec), operation.build_id)
        files = await self._files.files(operation) if isinstance(spec, Download) else ()
        hidden = await self._hidden(operation, values)
        sent = run_spec(
            spec, operation.directory, self._features, values.__getitem__, files, os=self._os, hidden=hidden
        )
        if isinstance(spec, Upload | Download):
            sent.blob_token = self._files.token(operation)
        return sent

    async def _hidden(self, operation: OpenOperation, given: Collection[str]) -> list[tuple[str, str]]:
        """What the build was given before, and this program isn't; left out if it isn't there any more.

        Raises:
            UnsendableError: The place of the secrets can't be asked: what the program says could not be masked.
        """
        values: list[tuple[str, str]] = []
        if isinstance(operation.spec, Run):
            for name in operation.secrets:
                if name not in given:
                    try:
                        values.append((name, await self._secrets.get(name, operation.build_id)))
                    except OSError as error:
                        raise _unmaskable(name, error) from error
                    except LookupError as error:
                        _log.warning("secret %r can't be had, so it can't be masked: %s", name, error)
        return values

    async def _values(self, names: Sequence[str], build_id: BuildId) -> dict[str, str]:
        values: dict[str, str] = {}
        for name in names:
            try:
                values[name] = await self._secrets.get(name, build_id)
            except LookupError as error:
                raise UnsendableError(str(error), reason=EndReason.NO_SECRET) from error
            except OSError as error:
                message = f"{error}, so secret {name!r} can't be had"
                raise UnsendableError(message, reason=EndReason.SECRETS_AWAY) from error
        return values


def _unmaskable(name: str, error: OSError) -> UnsendableError:
    message = f"{error}, so secret {name!r} can't be had and can't be masked in what this step says"
    return UnsendableError(message, reason=EndReason.SECRETS_AWAY)
