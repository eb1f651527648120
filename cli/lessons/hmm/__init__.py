"""Hidden Markov models: a chain that is not seen, and what can be said of it from what is heard."""
