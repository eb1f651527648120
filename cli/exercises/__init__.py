"""The exercises of `rnn-lab check`, one file each: the problem, what is asked, and a solution."""
