"""The journal: what happened in each attempt, durable on disk before it is sent."""
