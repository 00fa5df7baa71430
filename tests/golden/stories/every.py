"""All stories by name."""

from __future__ import annotations

from buildledger.events.fact import Fact
from tests.golden.stories import builds, changes, configurations, requests, servers, workers

STORIES: dict[str, tuple[Fact, ...]] = {
    **changes.STORIES,
    **requests.STORIES,
    **builds.STORIES,
    **workers.STORIES,
    **configurations.STORIES,
    **servers.STORIES,
}
