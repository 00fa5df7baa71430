"""What `buildledger init` makes of repositories."""
