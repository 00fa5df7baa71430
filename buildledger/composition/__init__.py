"""The only place that constructs and joins: settings in, a running server out.

`server` starts the parts in the order of need; beside it stand what is opened (`stores`), what serves (`gateway`,
`web`), what keeps it running (`lifetime`), and the directory it runs in (`state_directory`). No rules live here.
"""

from __future__ import annotations

import logging
import sys

from buildledger.composition.audience import Audience
from buildledger.composition.lifetime import end_within
from buildledger.composition.server import Server
from buildledger.settings import ServerSettings

SWITCH_SECONDS = 0.0005
"""How long a busy thread may keep the others waiting; with Python's 5 ms the event loop starves the writer."""


async def run_server(settings: ServerSettings, audience: Audience) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        SettingsError
        ConfigErrors: If the configuration file is bad at the start.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    sys.setswitchinterval(SWITCH_SECONDS)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    running = Server(settings)
    async with running.running(audience) as server:
        try:
            await server.stopped()
        finally:
            end_within()
    if (head := running.last_head) is not None:
        audience.stopped(head.verifier, head.note)
