"""Facts about facts: their names, their bytes, and the histories that every version must still read."""
