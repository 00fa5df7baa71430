"""Tests of `buildledger.operations`."""
