"""A network that reads letters and foretells the next one."""
