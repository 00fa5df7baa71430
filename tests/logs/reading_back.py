"""Short ways to write and read a log in tests, and the plain model of one."""

from uuid import UUID

from buildledger.logs.store import LogBytes, LogDigest, LogStore


async def write(store: LogStore, log_id: UUID, offset: int, data: bytes) -> None:
    """Append one entry."""
    await store.append([LogBytes(log_id=log_id, offset=offset, data=data)])


async def finish(store: LogStore, log_id: UUID) -> LogDigest:
    """Close one log."""
    (digest,) = await store.append((), [log_id])
    return digest


async def read(store: LogStore, log_id: UUID, from_byte: int = 0, to_byte: int | None = None) -> bytes:
    """The bytes of a range."""
    return b"".join([piece async for piece in store.raw(log_id, from_byte, to_byte)])


def lines_of(data: bytes) -> list[bytes]:
    """What the lines of a log are: a last one counts without its newline, too."""
    lines = data.split(b"\n")
    return lines if lines[-1] else lines[:-1]
