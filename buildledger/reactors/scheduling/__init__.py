"""Scheduling: which waiting request gets which worker, under which locks, and how many more workers are needed."""
