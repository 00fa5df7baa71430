"""Tries again at once, whatever the server says."""

from buildledger.worker.command_line import main
from buildledger.worker.transport.backoff import Backoff

Backoff.next_delay = Backoff.slowest_delay = lambda self: 0.02  # type: ignore[method-assign]
main()
