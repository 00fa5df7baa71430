"""Artifacts: named by their bytes, resumable, never half there."""

import hashlib
import random
from pathlib import Path

import pytest

from buildledger.logs.artifacts import (
    ArtifactError,
    IncompleteUploadError,
    Upload,
    UploadBusyError,
    WrongDigestError,
    WrongOffsetError,
)
from buildledger.logs.artifacts_local import LocalArtifactStore

DATA = random.Random(1).randbytes(700_000)
NAME = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def artifacts(tmp_path: Path) -> LocalArtifactStore:
    return LocalArtifactStore(tmp_path)


def test_whole_file(artifacts: LocalArtifactStore) -> None:
    """What was uploaded is there under its digest and read from any offset."""
    upload = artifacts.upload(NAME, len(DATA), 0)
    upload.write(DATA[:100])
    assert not artifacts.has(NAME)
    upload.write(DATA[100:])
    upload.finish()
    upload.close()
    assert artifacts.has(NAME)
    assert b"".join(artifacts.read(NAME)) == DATA
    assert b"".join(artifacts.read(NAME, 650_000)) == DATA[650_000:]


def test_empty_file(artifacts: LocalArtifactStore) -> None:
    """A file without bytes is a file."""
    name = hashlib.sha256(b"").hexdigest()
    artifacts.upload(name, 0, 0).finish()
    assert artifacts.has(name)
    assert b"".join(artifacts.read(name)) == b""


def test_upload_that_broke_off_goes_on(artifacts: LocalArtifactStore, tmp_path: Path) -> None:
    """After a restart an upload goes on where it stands, and nowhere else."""
    upload = artifacts.upload(NAME, len(DATA), 0)
    upload.write(DATA[:1000])
    upload.close()
    again = LocalArtifactStore(tmp_path)
    assert again.held_bytes(NAME) == 1000
    with pytest.raises(WrongOffsetError) as refused:
        again.upload(NAME, len(DATA), 999)
    assert refused.value.held_bytes == 1000
    upload = again.upload(NAME, len(DATA), 1000)
    upload.write(DATA[1000:])
    upload.finish()
    assert b"".join(again.read(NAME)) == DATA


@pytest.mark.parametrize("sent", [DATA[:-1] + b"x", DATA + b"x"])
def test_other_bytes_than_announced(artifacts: LocalArtifactStore, sent: bytes) -> None:
    """Too many or other bytes are refused and nothing of them is kept."""
    upload = artifacts.upload(NAME, len(DATA), 0)
    with pytest.raises(WrongDigestError):
        _send(upload, sent)
    assert not artifacts.has(NAME)
    assert artifacts.held_bytes(NAME) == 0


def test_too_few_bytes_are_kept(artifacts: LocalArtifactStore) -> None:
    """An upload that ends too early isn't a file, and can be gone on with."""
    upload = artifacts.upload(NAME, len(DATA), 0)
    with pytest.raises(IncompleteUploadError):
        _send(upload, DATA[:-1])
    upload.close()
    assert not artifacts.has(NAME)
    _send(artifacts.upload(NAME, len(DATA), len(DATA) - 1), DATA[-1:])
    assert artifacts.has(NAME)


def _send(upload: Upload, data: bytes) -> None:
    upload.write(data)
    upload.finish()


def test_one_upload_at_a_time(artifacts: LocalArtifactStore) -> None:
    """Two uploads of one file don't mix; the second is told to wait."""
    first = artifacts.upload(NAME, len(DATA), 0)
    with pytest.raises(UploadBusyError):
        artifacts.upload(NAME, len(DATA), 0)
    first.close()
    artifacts.upload(NAME, len(DATA), 0).close()


def test_name_that_is_no_digest(artifacts: LocalArtifactStore) -> None:
    """Only digests are names, so no name leads out of the directory."""
    with pytest.raises(ArtifactError):
        artifacts.has("../" * 21 + "x")
    with pytest.raises(FileNotFoundError):
        list(artifacts.read(NAME))


def test_only_who_alone_has_brought_a_file_takes_it_back(artifacts: LocalArtifactStore) -> None:
    """Another who knows its digest, or one of two who brought it, leaves it where it is."""

    def bring(owner: str) -> None:
        upload = artifacts.upload(NAME, len(DATA), 0, owner)
        upload.write(DATA)
        upload.finish()
        upload.close()

    bring("mine")
    assert artifacts.withdraw("another's", NAME) == 0
    assert artifacts.has(NAME)
    assert artifacts.withdraw("mine", NAME) == len(DATA)
    assert not artifacts.has(NAME)
    bring("mine")
    bring("another's")
    assert artifacts.withdraw("mine", NAME) == artifacts.withdraw("another's", NAME) == 0
    assert artifacts.has(NAME)
