"""The `rnn-lab` command: the only room where data meets rnn, and the only one that prints."""
