"""What servers, their readers and seals tell, and the claims of people."""

from __future__ import annotations

from buildledger.events import (
    person,
    projection,
    seal,
    server,
)
from buildledger.events.fact import Fact
from buildledger.events.ids import (
    WordsId,
)
from tests.golden.stories.values import DIGEST, an_id

STORIES: dict[str, tuple[Fact, ...]] = {
    "claim-of-the-first-version": (
        person.ClaimRecordedV1(kind="git.author", namespace="example", words_id=WordsId(an_id("name"))),
    ),
    "claim": (
        person.ClaimRecorded(
            kind="git.author", namespace="example", words_id=WordsId(an_id("name")), words_digest=DIGEST
        ),
    ),
    "server-lost": (
        server.ServerStarted(version="0.1.0", roles=("api", "gateway"), host="host-1"),
        server.ServerLost(reason="no sign of life for 5 s"),
        server.ServerStarted(version="0.1.0", roles=("api", "gateway"), host="host-1"),
    ),
    "reader": (
        projection.ProjectionSkipped(
            reader="status",
            reader_version=9,
            position=17,
            fact="build.operation_finished.v1",
            reason="OverflowError: Python int too large to convert to SQLite INTEGER",
        ),
    ),
    "seal": (
        seal.SealMade(
            heads=(seal.HeadDigest(size=7, sha256="0a" * 32),),
            commands_from=0,
            commands_before=7,
            command_count=1,
            commands_sha256="0b" * 32,
        ),
    ),
    "server": (
        server.ServerStarted(version="0.1.0", roles=("api", "gateway"), host="host-1"),
        server.ServerStopped(reason="asked to"),
    ),
}
