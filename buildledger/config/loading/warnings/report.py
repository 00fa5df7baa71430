"""All warnings of a sound file."""

from __future__ import annotations

from buildledger.config.loading.parsing import Parsed
from buildledger.config.loading.warnings.artifacts import warn_of_downloads
from buildledger.config.loading.warnings.builds import warn_of_builds
from buildledger.config.loading.warnings.conditions import warn_of_conditions
from buildledger.config.loading.warnings.unused import warn_of_unused
from buildledger.config.reading.document import Document
from buildledger.config.resolved import Configuration

ELSEWHERE = frozenset({"repo_pipelines"})
"""Parts of a file that bring builders, triggers and steps from elsewhere: what they use isn't known here."""


def warn(document: Document, parsed: Parsed, configuration: Configuration) -> None:
    """Add them to the document; those of single texts are there already, for they need no sound file."""
    is_whole = not ELSEWHERE & document.data.keys()
    warn_of_conditions(document, parsed)
    warn_of_unused(document, parsed, is_whole=is_whole)
    warn_of_downloads(document, parsed)
    warn_of_builds(document, parsed, configuration, is_whole=is_whole)
