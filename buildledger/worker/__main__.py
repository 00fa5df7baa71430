"""`python -m buildledger.worker` is `buildledger-worker`."""

import sys

from buildledger.worker.command_line import main

if __name__ == "__main__":
    sys.exit(main())
