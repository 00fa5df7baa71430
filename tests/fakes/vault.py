"""The far end of a connection to Vault: the part of its documented HTTP API that reads secrets and signs in."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ROOT_TOKEN = "hvs.root-of-the-fake"


class FakeVault:
    """What the server holds and how it behaves; answers are those that Vault 1.21 gives."""

    def __init__(self) -> None:
        self.sealed = False
        self.secrets: dict[str, dict[str, Any]] = {}
        """By the path of the request: `secret/data/db` of version 2, `kv/db` of version 1."""
        self.deleted: set[str] = set()
        self.forbidden: set[str] = set()
        """Paths that no token may read."""
        self.tokens: set[str] = {ROOT_TOKEN}
        self.logins: dict[str, tuple[dict[str, str], int]] = {}
        """By path, `auth/approle/login`: what has to be sent, and the life of the token in seconds."""
        self.requests: list[str] = []
        self.address = ""

    def answer(self, method: str, path: str, token: str, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Status and JSON."""
        self.requests.append(path)
        if self.sealed:
            return 503, {"errors": ["Vault is sealed"]}
        if method == "POST" and path in self.logins:
            wanted, life_seconds = self.logins[path]
            if body != wanted:
                return 400, {"errors": ["invalid role or secret ID"]}
            issued = f"hvs.issued-{len(self.tokens)}"
            self.tokens.add(issued)
            return 200, {"auth": {"client_token": issued, "lease_duration": life_seconds, "renewable": True}}
        if token not in self.tokens:
            return 403, {"errors": ["2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"]}
        if path in self.forbidden:
            return 403, {"errors": ["1 error occurred:\n\t* permission denied\n\n"]}
        if path in self.deleted:
            metadata = {"deletion_time": "2026-01-02T03:04:05Z", "destroyed": False, "version": 3}
            return 404, {"data": {"data": None, "metadata": metadata}}
        if path not in self.secrets:
            return 404, {"errors": []}
        found = self.secrets[path]
        return 200, {"data": {"data": found, "metadata": {"version": 1}} if "/data/" in path else found}


@contextmanager
def fake_vault() -> Iterator[FakeVault]:
    """One on a free port."""
    vault = FakeVault()

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length) or b"{}")
            token = self.headers.get("X-Vault-Token", "")
            status, answer = vault.answer(self.command, self.path.removeprefix("/v1/"), token, body)
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = _do  # noqa: N815 - the names that the standard library asks for

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        vault.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield vault
        finally:
            server.shutdown()
            thread.join()
