"""The guides for contributors, performed."""
