"""The bridge: lets unchanged Buildbot workers run builds for Build Ledger.

Towards the server each connected machine is a worker like any other: session, journal and recovery are those of
`buildledger.worker`, with an executor of its own for the work. Towards the machine the bridge is what a Buildbot master
is to a `buildbot-worker` that was created with `--protocol=msgpack_experimental_v7`. It imports nothing of Build Ledger
but the worker and the protocol.
"""
