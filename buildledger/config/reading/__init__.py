"""From YAML files to plain data that knows where each key and value stands."""
