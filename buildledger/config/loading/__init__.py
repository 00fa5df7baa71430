"""From models to the resolved configuration, one file a section: references, names, types, and what can't be meant."""
