"""What is wrong with a file: problems, their codes, and how they are shown."""
