"""Facts about the audit: what it finds, what it names, and what it replays."""
