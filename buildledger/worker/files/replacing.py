"""Writes files and links so that they appear whole, in one step."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from buildledger.worker.files.contained import Place

_TEMPORARY = b".buildledger-"


@contextmanager
def replacing(place: Place, mode: int) -> Iterator[int]:
    """A descriptor to write a new file by; after the body it gets its mode and its name in one step.

    Raises:
        OSError: nothing is left behind, nor after an error of the body.
    """
    temporary = _temporary_name()
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o600, dir_fd=place.descriptor)
    try:
        try:
            yield descriptor
            os.fchmod(descriptor, mode)
        finally:
            os.close(descriptor)
        _rename(temporary, place)
    except BaseException:
        os.unlink(temporary, dir_fd=place.descriptor)
        raise


@contextmanager
def scratch_file(place: Place) -> Iterator[int]:
    """A descriptor of a file beside a place, which is gone after the body.

    Raises:
        OSError: it can't be made.
    """
    temporary = _temporary_name()
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o600, dir_fd=place.descriptor)
    try:
        os.unlink(temporary, dir_fd=place.descriptor)
        yield descriptor
    finally:
        os.close(descriptor)


def replace_by_link(place: Place, target: bytes) -> None:
    """Make a link to `target`, in the place of what has the name.

    Raises:
        OSError: nothing is left behind.
    """
    temporary = _temporary_name()
    os.symlink(target, temporary, dir_fd=place.descriptor)
    try:
        _rename(temporary, place)
    except BaseException:
        os.unlink(temporary, dir_fd=place.descriptor)
        raise


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`."""
    while data:
        data = data[os.write(descriptor, data) :]


def _rename(temporary: bytes, place: Place) -> None:
    try:
        os.replace(temporary, place.name, src_dir_fd=place.descriptor, dst_dir_fd=place.descriptor)
    except OSError as error:
        # It names both; the one that nobody has heard of comes first.
        error.filename, error.filename2 = place.name, None
        raise


def _temporary_name() -> bytes:
    return _TEMPORARY + secrets.token_hex(8).encode()
