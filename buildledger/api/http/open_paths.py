"""THE list of addresses that need no sign-in, read by the middleware and by the OpenAPI document."""

from __future__ import annotations

OPEN_PATHS = frozenset({"/api/v1/health", "/api/v1/ui-config", "/api/v1/session"})
"""Answered to anybody who can reach the server: nothing that was built, and the way to sign in."""
