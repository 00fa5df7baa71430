"""Notes that a repository has changed."""

from __future__ import annotations

import pytest

from buildledger.config.resolved import Source
from buildledger.intake.hooks import concerned

SOURCES = {
    "widget": Source(name="widget", kind="git", url="https://git.acme.example/acme/widget.git"),
    "mirror": Source(name="mirror", kind="git", url="git@GIT.acme.example:acme/widget"),
    "local": Source(name="local", kind="git", url="file:///srv/git/local/.git"),
}


@pytest.mark.parametrize(
    ("note", "names"),
    [
        ("widget", ("widget",)),
        ("https://git.acme.example/acme/widget", ("widget", "mirror")),
        ("ssh://git@git.acme.example:22/acme/widget.git/", ("widget", "mirror")),
        ("jane@git.acme.example:acme/widget.git", ("widget", "mirror")),
        ("/srv/git/local", ("local",)),
        ("https://git.acme.example/acme/other", ()),
        ("https://git.evil.example/acme/widget", ()),
        ("--upload-pack=touch", ()),
        ("ext::sh -c true", ()),
        ("", ()),
    ],
)
def test_which_sources_a_note_speaks_of(note: str, names: tuple[str, ...]) -> None:
    """By name, or by any usual spelling of the same repository's address; nonsense concerns nobody."""
    assert concerned(SOURCES, note) == names
