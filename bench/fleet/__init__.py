"""Thousands of workers for one server: `main.go` plays them, `system.py` starts it and listens to it."""
