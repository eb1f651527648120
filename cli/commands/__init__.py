"""One file per subcommand: parse, call the lab, render."""
