"""Checking a derivation: what a file answers, compared with what is right and with every known mistake."""
