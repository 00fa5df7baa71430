"""The master's configuration; everything that varies is in `bench.json` beside it."""

import json
from pathlib import Path

from buildbot.plugins import schedulers, steps, util, worker

bench = json.loads(Path(basedir, "bench.json").read_text())  # noqa: F821 - Buildbot gives basedir

names = [f"worker{n}" for n in range(bench["workers"])]
builders = [f"builder{n}" for n in range(bench["builders"])]
loopback = "interface=127.0.0.1"

c = BuildmasterConfig = {
    "buildbotNetUsageData": None,
    "title": "bench",
    "titleURL": f"http://127.0.0.1:{bench['http_port']}/",
    "buildbotURL": f"http://127.0.0.1:{bench['http_port']}/",
    "db": {"db_url": "sqlite:///state.sqlite"},
    "www": {"port": f"tcp:{bench['http_port']}:{loopback}", "change_hook_dialects": {"base": True}},
    "protocols": {"pb": {"port": f"tcp:{bench['worker_port']}:{loopback}"}},
    # Every build counts; the default would merge those that wait.
    "collapseRequests": False,
    "workers": [worker.Worker(name, "password", max_builds=bench["capacity"]) for name in names],
    "builders": [
        util.BuilderConfig(
            name=name,
            workernames=names,
            factory=util.BuildFactory([steps.ShellCommand(name="command", command=bench["command"])]),
        )
        for name in builders
    ],
    "schedulers": [schedulers.AnyBranchScheduler(name="any", treeStableTimer=None, builderNames=builders)],
}
