"""Ports for servers that are killed and started again."""

from __future__ import annotations

import random
import socket

RANGE = range(20_000, 32_000)
"""Below what systems hand out to clients: nobody's connection takes the port while its server is away."""


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    for port in random.sample(RANGE, len(RANGE)):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no port of {RANGE} is free")
