"""State that reactors share: open requests, builds, workers, machines and the configurations they were made under."""
