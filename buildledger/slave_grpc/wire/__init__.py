"""Translation between facts and protocol messages. Holds no state and does no I/O but reading what it translates."""
