"""Polling of repositories: mirrors, their pollers, and commits recorded as changes."""
