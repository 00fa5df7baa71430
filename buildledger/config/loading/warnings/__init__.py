"""Warnings of what loads but can't be meant: nobody uses it, nothing brings it, it never comes to pass.

Asked only of a file without errors. A warning stops nothing, so each has to be about something that nobody ever means:
what may be meant is not warned of.
"""
