"""Results of file operations are parted so that each part fits into a message."""

from hypothesis import given
from hypothesis import strategies as st

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.files.paged import paged

MESSAGE_BYTES = 256 << 10


@given(st.lists(st.integers(1, 4096), max_size=300), st.booleans())
def test_parts_are_the_whole(sizes: list[int], has_failed: bool) -> None:
    """Each part fits, all entries are there in order, and what isn't an entry is in the last part."""
    entries = [
        pb.FileEntry(path=b"p" * size, link_target=b"l" * size, mode=number) for number, size in enumerate(sizes)
    ]
    whole = pb.FileResult(entries=entries, truncated=True)
    if has_failed:
        whole.error.code = pb.FILE_ERROR_CODE_NO_SPACE
    parts = list(paged(whole))
    assert all(part.ByteSize() < MESSAGE_BYTES for part in parts)
    assert [entry for part in parts for entry in part.entries] == list(whole.entries)
    assert [part.truncated for part in parts] == [False] * (len(parts) - 1) + [True]
    assert [part.HasField("error") for part in parts] == [False] * (len(parts) - 1) + [has_failed]


def test_nothing_is_one_part() -> None:
    """A result without entries is itself."""
    result = pb.FileResult(content=b"c", changed=True)
    assert list(paged(result)) == [result]
