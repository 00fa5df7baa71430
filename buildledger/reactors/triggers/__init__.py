"""Triggers: requests for builds after changes, at set times and after other builds."""
