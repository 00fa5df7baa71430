"""What git's errors mean. Reads the English texts of an untranslated git; the commands are run under `LC_ALL=C`."""

from __future__ import annotations

import re

from buildledger.events.change import FailureCause

DETAIL_CHARACTERS = 400
"""Of the line that is kept for people."""


_PATTERNS: tuple[tuple[FailureCause, re.Pattern[str]], ...] = tuple(
    (cause, re.compile("|".join(texts), re.IGNORECASE))
    for cause, texts in (
        (
            FailureCause.OTHER,
            (
                r"no space left on device",
                r"detected dubious ownership",
                r"transport '.*' not allowed",
                r"git-lfs.*not found",
            ),
        ),
        (
            FailureCause.AUTH,
            (
                r"authentication failed",
                r"could not read (username|password)",
                r"terminal prompts disabled",
                r"permission denied \(",
                r"host key verification failed",
                r"invalid username or (password|token)",
                r"returned error: 40[13]",
                r"http basic: access denied",
                r"access denied",
                r"authentication required|authorization error",
            ),
        ),
        (
            FailureCause.NETWORK,
            (
                r"could not resolve (host|proxy)",
                r"temporary failure in name resolution",
                r"name or service not known",
                r"connection (was )?(refused|reset|timed out|closed)",
                r"(operation|request) timed out",
                r"network is unreachable",
                r"no route to host",
                r"failed to connect",
                r"couldn't connect to server",
                r"returned error: (408|429|5\d\d)",
                r"(rpc|curl \d+).* failed",
                r"gnutls_handshake|ssl_(connect|error|read)|tls connection",
                r"early eof",
                r"unexpected disconnect",
                r"kex_exchange_identification",
                r"banner exchange",
            ),
        ),
        (
            FailureCause.NOT_FOUND,
            (
                r"repository .* (not found|does not exist)",
                r"repository not found",
                r"remote missing object|object does not exist on the server",
                r"does not appear to be a git repository",
                r"returned error: 404",
                r"couldn't find remote ref",
                r"not our ref",
                r"remote ref does not exist",
                r"unadvertised object",
                r"reference is not a tree",
            ),
        ),
        (
            FailureCause.CORRUPT,
            (
                r"(loose )?object (file )?.*(is corrupt|is empty|is missing|unreadable)",
                r"(index|pack) ?file.*(corrupt|smaller|truncated|bad|invalid|cannot|claims|does not match)",
                r"un(expected|terminated) line in|key does not contain",
                r"bad (object|tree|signature|config|pack|ref)",
                r"(unable to|cannot|could not|failed to) (read|parse) (tree|sha1|object|commit|config|index)",
                r"missing (blob|tree|commit|object|necessary)",
                r"inflate: data stream error",
                r"invalid (sha1|object) pointer|invalid object",
                r"mismatched algorithms",
                r"reference broken|broken (ref|link)|cannot lock ref|unable to resolve reference",
                r"unable to create '.*\.lock': file exists|could not lock config file",
                r"remote did not send all necessary objects",
                r"not a git repository",
                r"shallow file has changed",
                r"revision walk setup failed",
                r"did not match .*(expected|object)",
            ),
        ),
        (FailureCause.NETWORK, (r"the remote end hung up", r"could not read from remote repository")),
    )
)
"""In the order they are looked for: git ends most failures with a sentence that fits several causes."""

_MISSING_COMMIT = re.compile(r"not our ref|couldn't find remote ref [0-9a-f]{40}", re.IGNORECASE)
_MISSING_REFERENCE = re.compile(r"couldn't find remote ref ([^\s]+)", re.IGNORECASE)
_KINDS = {"heads": "branch", "tags": "tag"}
_CONCLUSIVE = re.compile(
    r"no space left on device|disk quota exceeded|read-only file system|detected dubious ownership"
    r"|transport '.*' not allowed|git-lfs.*not found|'lfs' is not a git command"
    r"|remote missing object|object does not exist on the server",
    re.IGNORECASE,
)
"""What a new clone wouldn't change: the machine's disk, its programs, and addresses that aren't to be fetched from."""

_NAMED_BY_COMMIT = re.compile(
    r"transport '.*' not allowed"
    r"|no (submodule mapping|url) found"
    r"|did not contain [0-9a-f]{40}|not our ref"
    r"|repository .*(not found|does not exist)|does not appear to be a git repository"
    r"|ignoring suspicious submodule|unable to (find|checkout) [^\n]* in submodule path",
    re.IGNORECASE,
)
"""What only the commit can have caused, where a clone made from nothing fails in bringing its submodules."""

TELLING = re.compile(r"fatal: |error: |ssh: |git-lfs.*not found|Error downloading object: ")

_UNADVERTISED = re.compile(r"unadvertised object", re.IGNORECASE)
_NO_CLONE = re.compile(r"fatal: (not a git repository|not in a git directory)", re.IGNORECASE)
_NO_ORIGIN = re.compile(r"error: no such remote", re.IGNORECASE)
_NO_HEAD = re.compile(r"fatal: not a valid object name HEAD", re.IGNORECASE)
_ORIGIN_THERE = re.compile(r"error: remote origin already exists", re.IGNORECASE)
_MISMATCH = re.compile(r"mismatched algorithms: client sha\d+; server (sha1|sha256)")
_STALE_LOCK = re.compile(r"unable to create '(?:[^'\n]*/)?\.git/([\w./-]+\.lock)': file exists", re.IGNORECASE)
_STALE_CONFIG_LOCK = re.compile(r"could not lock config file (?:[^'\n]*/)?\.git/([\w./-]+): file exists", re.IGNORECASE)
_KEPT_DIRECTORY = re.compile(r"^warning: unable to rmdir '(.+)': ", re.MULTILINE)
_NOT_REMOVED = re.compile(r"^warning: (?:failed to remove|could not lstat) (.+?): ", re.MULTILINE)
_WOULD_REMOVE = re.compile(r"^Would remove (.+?)/?$", re.MULTILINE)


def classify(output: str) -> FailureCause:
    """The cause that git's own lines tell of; the far end's words (`remote: …`) could say anything and are left out."""
    own = _own(output)
    for cause, pattern in _PATTERNS:
        if pattern.search(own):
            return cause
    return FailureCause.OTHER


def detail(output: str) -> str:
    """The line that tells people most: git's last `fatal:` or `error:`, without control characters."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if TELLING.match(line)]
    line = (telling or lines or ["git said nothing"])[0 if telling else -1]
    return "".join(character if character.isprintable() else "�" for character in line)[:DETAIL_CHARACTERS]


def is_missing_clone(output: str) -> bool:
    """There is no clone yet in the directory that a command was started in."""
    return _NO_CLONE.search(output) is not None


def needs_whole_branch(output: str) -> bool:
    """An old server that gives out branches and tags only, no single revision."""
    return _UNADVERTISED.search(output) is not None


def lacks_origin(output: str) -> bool:
    """The clone has no remote called origin."""
    return _NO_ORIGIN.search(output) is not None


def has_no_head(output: str) -> bool:
    """No checkout has come to its end in the clone."""
    return _NO_HEAD.search(output) is not None


def has_origin(output: str) -> bool:
    """The clone has a remote called origin already."""
    return _ORIGIN_THERE.search(output) is not None


def is_missing_commit(output: str) -> bool:
    """The far end is there, and hasn't got the commit that was asked for."""
    return _MISSING_COMMIT.search(_own(output)) is not None


def in_plain_words(output: str) -> str | None:
    """What the far end hasn't got; None if it is something else that isn't found."""
    if is_missing_commit(output):
        return "the repository doesn't have this commit, or doesn't any more"
    if match := _MISSING_REFERENCE.search(_own(output)):
        kind, _, name = match[1].removeprefix("refs/").partition("/")
        if match[1] == "HEAD":
            return "the repository is empty: its HEAD leads to no commit"
        return f"the repository has no {_KINDS.get(kind, 'reference')} {name or kind}, or hasn't any more"
    return None


def is_conclusive(output: str) -> bool:
    """A new clone would fail in the same way."""
    return _CONCLUSIVE.search(_own(output)) is not None


def is_named_by_commit(output: str) -> bool:
    """What can't be brought is something that the commit itself names."""
    return _NAMED_BY_COMMIT.search(output) is not None


def stale_lock(output: str) -> str | None:
    """The path inside `.git` of a lock that a killed git left behind, if that is what stands in the way."""
    if match := _STALE_LOCK.search(output):
        lock = match[1]
    elif match := _STALE_CONFIG_LOCK.search(output):
        lock = f"{match[1]}.lock"
    else:
        return None
    return None if ".." in lock.split("/") else lock


def kept_directories(output: str) -> list[str]:
    """Directories of former submodules that `git checkout` has left where they were, with all that is in them."""
    return _inside(_KEPT_DIRECTORY.findall(output))


def count_kept_directories(output: str) -> int:
    """How many `git checkout` has left, also those whose names can't be read."""
    return output.count("warning: unable to rmdir '")


def not_removed(output: str) -> list[str]:
    """What `git clean` couldn't remove."""
    return _inside(_NOT_REMOVED.findall(output))


def would_remove(output: str) -> list[str]:
    """What `git clean --dry-run` says that it would remove: of a directory that goes whole, only the directory."""
    return _inside(_WOULD_REMOVE.findall(output))


def far_object_format(output: str) -> str | None:
    """`sha1` or `sha256`, when a clone of the other kind was told so by the far end."""
    match = _MISMATCH.search(output)
    return match[1] if match else None


def _own(output: str) -> str:
    return "\n".join(line for line in output.splitlines() if not line.startswith("remote:"))


def _inside(found: list[str]) -> list[str]:
    """Those of the paths that lie in the clone and that git printed as they are, each once."""
    return [path for path in dict.fromkeys(found) if _PLAIN_PATH.fullmatch(path) and ".." not in path.split("/")]


_PLAIN_PATH = re.compile(r"[^/\"\\\x00-\x1f][^\"\\\x00-\x1f]*")
