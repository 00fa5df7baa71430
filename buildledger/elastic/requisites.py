"""What this process of the server needs for starting workers as the configuration says, seen without starting any."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import assert_never

from buildledger.config.machines import KubernetesStart, LocalStart, SshStart, Start
from buildledger.config.resolved import Configuration
from buildledger.elastic import processes
from buildledger.elastic.command_line import server_of
from buildledger.elastic.driver import Gateway, StartError


def lacking(settings: Start, gateway: Gateway) -> str | None:
    """Why no worker can be started so from here, for people; None: nothing of that can be seen. Blocks on the disk."""
    return next(_lacking(settings, gateway), None)


def _lacking(settings: Start, gateway: Gateway) -> Iterator[str]:
    match settings:
        case LocalStart():
            if not processes.AVAILABLE:
                yield "the driver 'local' needs Linux: it finds its processes again by /proc"
            if settings.command and shutil.which(settings.command[0]) is None:
                yield f"there is no program {settings.command[0]} here"
            yield from _address(settings, gateway)
        case SshStart():
            if shutil.which("ssh") is None:
                yield "there is no program ssh here"
            yield from _unreadable("identity", settings.identity)
            yield from _unreadable("known_hosts", settings.known_hosts)
            yield from _unreadable("options_file", settings.options_file)
            yield from _unreadable("install", settings.install)
            yield from _address(settings, gateway)
        case KubernetesStart():
            if find_spec("kubernetes") is None:
                yield "the Kubernetes client isn't installed: pip install 'buildledger[kubernetes]'"
            yield from _unreadable("kubeconfig", settings.kubeconfig)
        case _:
            assert_never(settings)


def _address(settings: LocalStart | SshStart, gateway: Gateway) -> Iterator[str]:
    try:
        server_of(settings, gateway)
    except StartError as error:
        yield str(error)


def _unreadable(key: str, file: str | None) -> Iterator[str]:
    if file is None:
        return
    try:
        with Path(file).open("rb"):
            return
    except OSError as error:
        yield f"the {key} {file} can't be read: {error.strerror}"


def unstartable(configuration: Configuration, gateway: Gateway) -> dict[str, str]:
    """The elastic workers of a configuration that can't be started from here, with why. Blocks on the disk."""
    starts = {name: worker.start for name, worker in configuration.workers.items() if worker.start is not None}
    return {
        f"start of worker {name}": why for name, start in starts.items() if (why := lacking(start, gateway)) is not None
    }
