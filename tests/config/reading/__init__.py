"""Tests of YAML, files and directories of files, read."""
