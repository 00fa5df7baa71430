"""How the scripted server behaves when a case doesn't say otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field

import grpc

from buildledger.conformance.proofs import Proofs
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb

# Fields of a future version: a number and a text, which every receiver has to skip.
_FIELDS_OF_THE_FUTURE = b"\xf0\x3f\x2a\xfa\x3f\x06future"


@dataclass
class ServerBehaviour:
    """How the server behaves; a case changes it as it goes."""

    acks: str = "stored"
    """`stored`: acknowledge what is stored; `withhold`: don't; `lose`: believe to have done so."""
    releases: bool = True
    answers_heartbeats: bool = True
    introduces: bool = True
    """Whether it answers Hello by itself."""
    from_the_future: bool = False
    """Whether its messages have fields that version 1 doesn't know."""
    refusal: pb.Error | grpc.StatusCode | None = None
    credentials: set[str] = field(default_factory=set)
    """Bearers that are accepted; empty: anyone is."""
    proofs: Proofs = field(default_factory=Proofs)
    """Of the keys that they are bound to."""


def from_the_future(message: pb.Down | bytes) -> pb.Down | bytes:
    """The message with fields of the future at every level that a worker reads."""
    if not isinstance(message, pb.Down):
        return message
    levels: list[pb.Down | pb.Welcome | pb.Desired | pb.DesiredRun | pb.RunSpec | pb.Command | pb.Ack] = [message]
    if message.HasField("welcome"):
        levels.append(message.welcome)
    if message.HasField("desired"):
        levels += [message.desired, *message.desired.runs]
        levels += [run.spec for run in message.desired.runs if run.HasField("spec")]
        levels += [run.spec.command for run in message.desired.runs if run.spec.HasField("command")]
    levels += message.progress.acks
    for each in levels:
        each.MergeFromString(_FIELDS_OF_THE_FUTURE)
    return message
