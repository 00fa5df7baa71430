"""Values that can't be hidden in what programs write."""

from __future__ import annotations

from buildledger.config import limits

COMMON_WORDS = frozenset(
    {"admin", "build", "changeit", "changeme", "debug", "default", "deploy", "develop", "development", "docker"}
    | {"error", "example", "failed", "failure", "false", "github", "gitlab", "hello", "https", "latest", "linux"}
    | {"localhost", "master", "mysql", "nobody", "none", "null", "password", "passwd", "postgres", "private"}
    | {"production", "public", "python", "redis", "release", "result", "root", "running", "secret", "server"}
    | {"service", "staging", "status", "success", "system", "test", "testing", "tests", "token", "true", "undefined"}
    | {"unknown", "user", "username", "version", "warning", "windows", "worker", "123456", "12345678", "1234567890"}
)
"""Values that output is full of: hiding them would hide half of it, and would tell what they are."""


def unmaskable(value: str) -> str | None:
    """Why a value can't be hidden in what programs write; None if it can."""
    stripped = value.strip()
    if (length := len(stripped.encode())) < limits.SECRET_MASKED_BYTES_MIN:
        return f"has {length} bytes; a value of less than {limits.SECRET_MASKED_BYTES_MIN} can't be hidden in output"
    if any(line.strip().casefold() in COMMON_WORDS for line in stripped.splitlines()):
        where = "has a line that is" if len(stripped.splitlines()) > 1 else "is"
        return f"{where} a common word, which can't be hidden in output"
    return None
