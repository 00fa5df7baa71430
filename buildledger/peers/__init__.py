"""One server fetches logs and artifacts from another that has them, over the network, until they are in object storage.

Each server that is given an address for it (`--peer`) serves what it can read on its own machine, to the other servers
of the same database only: they know its certificate and the key of the installation from there. Nothing is changed
through here, and nothing is decided about who may read what.
"""
