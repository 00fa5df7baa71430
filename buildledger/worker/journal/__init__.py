"""The journal: each attempt's events on disk, written before they are sent."""
