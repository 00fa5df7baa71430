"""Shows the same proof of its key with every call."""

from functools import cache

from buildledger.worker.command_line import main
from buildledger.worker.transport import transport as channel
from buildledger.worker.transport.proof import proof_of

channel.proof_of = cache(proof_of)  # type: ignore[attr-defined]
main()
