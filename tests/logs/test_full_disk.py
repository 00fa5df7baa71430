"""A disk without space: loud, harmless, and over when there is space again."""

import hashlib
import logging
import random
from contextlib import suppress
from uuid import uuid4

import pytest

from buildledger.logs.local import LocalLogStore
from buildledger.logs.store import LogStoreUnavailableError
from tests.fakes.full_disk import files_no_larger_than
from tests.logs.reading_back import finish, read, write

LOG = uuid4()


@pytest.mark.parametrize("piece_bytes", [3_000, 100_000])
async def test_full_disk_loses_nothing(
    store: LocalLogStore, caplog: pytest.LogCaptureFixture, piece_bytes: int
) -> None:
    """Appends fail while nothing can be written, what was acknowledged stays readable, and the rest follows later."""
    data = random.Random(3).randbytes(1_000_000)
    acknowledged = 0
    with caplog.at_level(logging.WARNING), files_no_larger_than(300_000):
        with suppress(LogStoreUnavailableError):
            while acknowledged < len(data):
                await write(store, LOG, acknowledged, data[acknowledged : acknowledged + piece_bytes])
                acknowledged += piece_bytes
        with pytest.raises(LogStoreUnavailableError):
            await write(store, LOG, acknowledged, data[acknowledged:])
        assert await read(store, LOG) == data[:acknowledged]
    assert sum("cannot write logs" in record.message for record in caplog.records) == 1
    assert 0 < acknowledged < len(data)
    await write(store, LOG, acknowledged, data[acknowledged:])
    assert (await finish(store, LOG)).sha256 == hashlib.sha256(data).hexdigest()
    assert await read(store, LOG) == data


async def test_closed_store_refuses(store: LocalLogStore) -> None:
    """A store that was closed says so."""
    store.close()
    with pytest.raises(LogStoreUnavailableError, match="closed"):
        await write(store, LOG, 0, b"x")
