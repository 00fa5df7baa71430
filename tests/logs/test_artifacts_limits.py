"""The store's quota, owners of uploads, and what goes from it."""

from __future__ import annotations

import hashlib
import random
import time
from pathlib import Path

import pytest

from buildledger.logs.artifacts import OverQuotaError
from buildledger.logs.artifacts_local import LocalArtifactStore

DATA = random.Random(3).randbytes(1_000)
NAME = hashlib.sha256(DATA).hexdigest()


def test_an_upload_is_no_start_for_another_owner(tmp_path: Path) -> None:
    """Each owner sends the whole file; both may be at it at once, and either finishes."""
    store = LocalArtifactStore(tmp_path)
    one, other = (store.upload(NAME, len(DATA), 0, owner) for owner in ("one", "other"))
    one.write(DATA[:600])
    assert (store.held_bytes(NAME, "one"), store.held_bytes(NAME, "other")) == (600, 0)
    for upload, rest in ((other, DATA), (one, DATA[600:])):
        upload.write(rest)
        upload.finish()
    assert store.used_bytes() == len(DATA), "the same file counts once"


def test_quota_counts_files_and_uploads(tmp_path: Path) -> None:
    """What is here, what is announced, and what is asked for together; a file that is here needs no more room."""
    store = LocalArtifactStore(tmp_path, total_bytes=2_500)
    store.put(DATA)
    upload = store.upload("a" * 64, 1_000, 0)
    with pytest.raises(OverQuotaError, match="may take 2500 bytes, and 2000 are taken"):
        store.upload("b" * 64, 501, 0)
    store.check_room("b" * 64, 500)
    store.check_room(NAME, 10_000)
    upload.close()
    store.check_room("b" * 64, 1_500)
    assert LocalArtifactStore(tmp_path, total_bytes=2_500).used_bytes() == 1_000, "counted anew after a restart"


def test_removal_spares_what_was_stored_again(tmp_path: Path) -> None:
    """A file that somebody stored after the decision to remove it stays."""
    store = LocalArtifactStore(tmp_path)
    store.put(DATA)
    decided = time.time() - 3_600
    assert store.remove(NAME, decided) == 0
    assert store.has(NAME)
    assert store.remove(NAME, time.time() + 3_600) == len(DATA)
    assert (store.has(NAME), store.used_bytes(), list(store.files())) == (False, 0, [])
    assert store.remove(NAME, float("inf")) == 0, "twice is harmless"


def test_uploads_that_nobody_goes_on_with_are_forgotten(tmp_path: Path) -> None:
    """Old ones go, one that is under way stays however old it is."""
    store = LocalArtifactStore(tmp_path)
    store.upload(NAME, len(DATA), 0, "gone").close()
    under_way = store.upload(NAME, len(DATA), 0, "here")
    store.forget_uploads(time.time() + 3_600)
    assert [path.name for path in (tmp_path / "incoming").iterdir()] == [f"here.{NAME}.part"]
    under_way.close()
