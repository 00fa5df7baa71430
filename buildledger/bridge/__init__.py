"""The bridge: lets unchanged Buildbot workers run builds for Build Ledger.

Towards the server each attached machine is a worker like any other: the agent's own session, journal and recovery, with
another host for the work. Towards the machine the bridge is what a Buildbot master is to a `buildbot-worker` that was
created with `--protocol=msgpack_experimental_v7`. It knows nothing of the house but the agent and the worker protocol.
"""
