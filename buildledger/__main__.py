"""`python -m buildledger` is `buildledger`."""

from buildledger.cli.main import main

main()
