"""The application: what each command does, as functions that return frozen results. Neither parses nor prints."""
