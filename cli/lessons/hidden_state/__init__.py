"""The hidden state: one function applied again and again."""
