"""Text as numbers: tokens, a vocabulary, ids, and the way back."""
