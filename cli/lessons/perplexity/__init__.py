"""How good a language model is: perplexity, what it means, and what can go wrong with it."""
