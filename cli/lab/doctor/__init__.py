"""`rnn-lab doctor`: what this machine offers, what is made of it, and why.

`results` says what is found out, `examination` puts it together, the other files find it out, one thing each. Nothing
is compiled, and nothing that is missing or broken stops the rest.
"""
