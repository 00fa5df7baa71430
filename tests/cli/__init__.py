"""Tests of the commands and of the processes they run in."""
