"""What values and expressions may refer to in each place of the file, and what stands for it in one cell."""
