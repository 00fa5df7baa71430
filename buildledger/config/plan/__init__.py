"""What changes between two configurations: for programs, for people, and for what waits and runs."""
