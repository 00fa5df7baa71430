"""State that all reactors share: open requests, running builds, workers, machines and the configurations in use."""
