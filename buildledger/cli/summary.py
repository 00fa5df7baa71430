"""One build, told on a terminal: what happens while it runs, and all of it at its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from buildledger.cli.client import Client
from buildledger.wording import plural

MARKS = {
    "success": "✔",
    "warnings": "!",
    "failure": "✘",
    "exception": "✘",
    "cancelled": "–",
    "skipped": "–",
    "retry": "↻",
}
LINES_OF_A_FAILURE = 20
PEOPLE_SHOWN = 20


class FirstBuild:
    """Looks at the server until a build is finished, and says what is new at each look."""

    def __init__(self, client: Client, tell: Callable[[str], None]) -> None:
        self._client, self._tell = client, tell
        self.build_id = ""
        self.succeeded = False
        self._told: set[int] = set()

    def finished(self) -> bool:
        """Whether it is; call again until it is."""
        if not self.build_id:
            builds = self._client.items("/builds", limit=1)
            if not builds:
                return False
            self.build_id = builds[0]["id"]
            self._tell(f"{builds[0]['builder']} #{builds[0]['number']}: {builds[0]['reason']}")
        for step in self._client.items(f"/builds/{self.build_id}/steps"):
            if step["result"] and step["index"] not in self._told:
                self._told.add(step["index"])
                self._tell(_step(step))
        build = self._client.get(f"/builds/{self.build_id}")["build"]
        self.succeeded = build["result"] in ("success", "warnings")
        return bool(build["status"] == "finished")


def summary(client: Client, build_id: str) -> str:
    """The build, its steps, its blamelist, and where the ledger stands."""
    detail = client.get(f"/builds/{build_id}")
    steps = client.items(f"/builds/{build_id}/steps")
    build = detail["build"]
    lines = [
        f"{MARKS[build['result']]} {build['builder']} #{build['number']} {build['result']}"
        f" in {_seconds(build['assigned_at'], build['finished_at'])} on worker {build['worker']}"
    ]
    lines += [f"    {build['summary']}"] if build["summary"] else []
    lines += ["", "Steps", *(_step(step) for step in steps)]
    lines += _failed_output(client, steps)
    lines += ["", "Blamelist", *_blamelist(detail["blame"])]
    head = client.get("/tree-head", covering=detail["position"])
    lines += ["", f"Ledger head   {plural(head['size'], 'fact')}, root {head['root']}"]
    return "\n".join(lines)


def _step(step: dict[str, Any]) -> str:
    note = f"  {step['summary']}" if step["summary"] else ""
    return f"  {MARKS[step['result']]} {step['name']:<20} {_seconds(step['started_at'], step['finished_at']):>8}{note}"


def _failed_output(client: Client, steps: Sequence[dict[str, Any]]) -> list[str]:
    """The last lines of the first step that failed, so that nobody has to open a browser for them."""
    for step in steps:
        logs = [log for operation in step["operations"] for log in operation["logs"]]
        if step["result"] in ("failure", "exception") and logs:
            last = logs[-1]
            first = max(0, (last["line_count"] or 0) - LINES_OF_A_FAILURE)
            lines = client.get(f"/logs/{last['id']}/lines", first=first, limit=LINES_OF_A_FAILURE)["items"]
            return ["", f"Last lines of {step['name']}", *(f"    {line}" for line in lines)]
    return []


def _blamelist(blame: list[dict[str, Any]]) -> list[str]:
    """The commits that no green build had, of each source; why nobody is named where nobody is."""
    lines: list[str] = []
    for part in blame:
        if part["baseline"] == "none":
            lines.append(f"  {part['source']}: nobody, for this branch has had no green build before")
        elif not part["commits"]:
            lines.append(f"  {part['source']}: nobody, for nothing in it wasn't green before")
        else:
            lines += [f"  {_change(commit)}" for commit in part["commits"][:PEOPLE_SHOWN]]
            hidden = part["commit_count"] - PEOPLE_SHOWN
            lines += [f"  and {hidden} more"] if hidden > 0 else []
    return lines or ["  nobody: no source was checked out"]


def _change(change: dict[str, Any]) -> str:
    title = (change.get("message") or "").partition("\n")[0]
    author = change["author"].get("name") or "(forgotten)"
    return f"{change['revision'][:10]}  {author}: {title}"


def _seconds(began: str, ended: str) -> str:
    took = datetime.fromisoformat(ended) - datetime.fromisoformat(began)
    return f"{took.total_seconds():.1f} s"
