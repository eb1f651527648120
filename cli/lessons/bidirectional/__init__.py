"""Reading from both ends: what the future tells about the present, and why it must not be asked about the future."""
