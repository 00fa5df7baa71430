"""Processes of commands: started, watched, and ended as whole trees."""
