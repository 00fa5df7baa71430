"""Lets a process of root be refused what any owner is refused: tests may run as root, whom no permission stops."""

from __future__ import annotations

import ctypes
import os

VERSION = 0x20080522
DAC_OVERRIDE, DAC_READ_SEARCH = 1, 2
"""What lets root read, write and search whatever the permissions say; numbers of capabilities(7)."""


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Data(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def obey_permissions() -> None:
    """From here on, in the process of one thread that calls it."""
    libc = ctypes.CDLL(None, use_errno=True)
    header, data = _Header(VERSION, 0), (_Data * 2)()
    _check(libc.capget(ctypes.byref(header), ctypes.byref(data)))
    for capability in (DAC_OVERRIDE, DAC_READ_SEARCH):
        data[0].effective &= ~(1 << capability)
        data[0].permitted &= ~(1 << capability)
    _check(libc.capset(ctypes.byref(header), ctypes.byref(data)))


def _check(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
