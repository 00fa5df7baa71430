"""Masking on the server, the last line for what a worker didn't mask: messages, test reports, names of files."""

from __future__ import annotations

import logging
from collections.abc import Collection

from buildledger.events.build import OperationRequested
from buildledger.events.ids import BuildId
from buildledger.events.operation import Mask, masked_secrets
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.store import FactQuery
from buildledger.slave_grpc.sessions.secret_source import SecretSource
from buildledger.worker.masking.masker import Masker

OPERATIONS_MAX = 10_000
"""Of one build, of which the first so many are asked for the secrets that they were given."""

_log = logging.getLogger(__name__)


class SecretMasking:
    """Makes masks of the values that secrets have at this moment; keeps none of them. Calls block."""

    def __init__(self, ledger: Ledger, secrets: SecretSource) -> None:
        self._ledger = ledger
        self._secrets = secrets

    def of_build(self, build_id: BuildId) -> Mask | None:
        """A mask for all secrets that the build's programs were given so far; None: they were given none.

        Raises:
            StoreError
            OSError: As in `of`.
        """
        query = FactQuery(stream_id=build_id, names=(OperationRequested.NAME,))
        facts = [recorded.fact for recorded in self._ledger.select(query, OPERATIONS_MAX)]
        specs = [fact.spec for fact in facts if isinstance(fact, OperationRequested)]
        return self.of({name for spec in specs for name in masked_secrets(spec)}, build_id)

    def of(self, names: Collection[str], build_id: BuildId) -> Mask | None:
        """A mask for these secrets of a build; one that isn't there any more is left out, with a warning.

        Raises:
            OSError: The place of the secrets can't be asked; unmasked nothing may be kept.
        """
        values = []
        for name in names:
            try:
                values.append(self._secrets.get(name, build_id).encode())
            except LookupError as error:
                _log.warning("secret %r can't be had, so it can't be masked: %s", name, error)
        if not values:
            return None
        masker = Masker(values)
        return lambda data: masker.feed(data) + masker.finish()
