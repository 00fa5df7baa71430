"""Shows the same proof of its key with every call."""

from functools import cache

from buildledger.slave_grpc.agent import channel
from buildledger.slave_grpc.agent.__main__ import main
from buildledger.slave_grpc.agent.proof import proof_of

channel.proof_of = cache(proof_of)  # type: ignore[attr-defined]
main()
