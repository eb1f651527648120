"""Frozen results to what a terminal shows. The only room that knows rich."""
