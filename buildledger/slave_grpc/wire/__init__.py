"""Translation between facts and protocol messages. Holds no state; reads artifacts that it translates, nothing else."""
