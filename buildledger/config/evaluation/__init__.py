"""A resolved configuration asked about one build: its values, its place, and why it waits or isn't wanted."""
