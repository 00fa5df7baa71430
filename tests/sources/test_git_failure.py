"""What git's errors mean: recorded outputs, and some made by the git that is installed."""

from __future__ import annotations

import pytest

from buildledger.events.change import FailureCause
from buildledger.sources.git import failure

UNREACHABLE = (
    "fatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\n"
    "and the repository exists.\n"
)


@pytest.mark.parametrize(
    ("output", "cause"),
    [
        ("fatal: could not read Username for 'https://github.com': terminal prompts disabled\n", FailureCause.AUTH),
        ("remote: Invalid username or password.\nfatal: Authentication failed for 'https://x/'\n", FailureCause.AUTH),
        (f"git@github.com: Permission denied (publickey).\n{UNREACHABLE}", FailureCause.AUTH),
        (f"Host key verification failed.\n{UNREACHABLE}", FailureCause.AUTH),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 403\n", FailureCause.AUTH),
        (
            "remote: Repository not found.\nfatal: repository 'https://github.com/a/b/' not found\n",
            FailureCause.NOT_FOUND,
        ),
        (f"fatal: '/srv/x' does not appear to be a git repository\n{UNREACHABLE}", FailureCause.NOT_FOUND),
        (f"ERROR: Repository not found.\n{UNREACHABLE}", FailureCause.NOT_FOUND),
        ("fatal: couldn't find remote ref refs/heads/gone\n", FailureCause.NOT_FOUND),
        ("fatal: remote error: upload-pack: not our ref 0123\nfatal: the remote end hung up\n", FailureCause.NOT_FOUND),
        ("fatal: unable to access 'https://x/': Could not resolve host: x\n", FailureCause.NETWORK),
        (f"ssh: connect to host x port 22: Connection refused\n{UNREACHABLE}", FailureCause.NETWORK),
        (
            f"ssh: Could not resolve hostname x: Temporary failure in name resolution\n{UNREACHABLE}",
            FailureCause.NETWORK,
        ),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 502\n", FailureCause.NETWORK),
        (
            "error: RPC failed; curl 56 GnuTLS recv error\nfatal: early EOF\nfatal: index-pack failed\n",
            FailureCause.NETWORK,
        ),
        (f"kex_exchange_identification: Connection closed by remote host\n{UNREACHABLE}", FailureCause.NETWORK),
        (UNREACHABLE, FailureCause.NETWORK),
        ("fatal: loose object 12 (stored in .git/objects/12/3) is corrupt\n", FailureCause.CORRUPT),
        ("error: object file .git/objects/12/3 is empty\n", FailureCause.CORRUPT),
        ("error: bad signature 0x6e6f6e73\nfatal: index file corrupt\n", FailureCause.CORRUPT),
        ("fatal: Unable to create '/w/.git/index.lock': File exists.\n", FailureCause.CORRUPT),
        ("fatal: mismatched algorithms: client sha1; server sha256\n", FailureCause.CORRUPT),
        ("fatal: unable to read tree 0123\n", FailureCause.CORRUPT),
        ("error: unable to write file a: No space left on device\nfatal: index file corrupt\n", FailureCause.OTHER),
        (f"fatal: detected dubious ownership in repository at '/srv/x'\n{UNREACHABLE}", FailureCause.OTHER),
        ("fatal: transport 'ext' not allowed\nfatal: Could not read from remote repository.\n", FailureCause.OTHER),
        ("", FailureCause.OTHER),
        ("remote: fatal: Authentication failed\nfatal: something else\n", FailureCause.OTHER),
    ],
)
def test_causes(output: str, cause: FailureCause) -> None:
    """The cause decides what is done next; the far end's own words decide nothing."""
    assert failure.classify(output) is cause


def test_detail_is_one_printable_line() -> None:
    """What people are shown is git's own first complaint, without escape sequences."""
    output = "Fetching\nremote: hello\nfatal: repository '\x1b[31mx' not found\nfatal: more\n"
    assert failure.detail(output) == "fatal: repository '�[31mx' not found"
    assert failure.detail("") == "git said nothing"
    assert len(failure.detail("fatal: " + "x" * 10_000)) == failure.DETAIL_CHARACTERS


@pytest.mark.parametrize(
    ("output", "path"),
    [
        ("fatal: Unable to create '/b/w/.git/index.lock': File exists.", "index.lock"),
        ("error: Unable to create '/b/.git/modules/lib/index.lock': File exists.", "modules/lib/index.lock"),
        ("fatal: Unable to create '/b/.git/../../x.lock': File exists.", None),
        ("fatal: Unable to create '/b/other/x.lock': File exists.", None),
        ("fatal: Unable to create '/b/.git/index.lock': Permission denied", None),
    ],
)
def test_stale_locks(output: str, path: str | None) -> None:
    """Only a lock inside the clone's own `.git` is ever named for removal."""
    assert failure.stale_lock(output) == path
