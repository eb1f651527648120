"""rnn-lab doctor"""

from __future__ import annotations

import click

from cli.commands import options


@click.command(epilog="Example: rnn-lab doctor")
@options.plain
@options.as_json
def command(plain: bool, as_json: bool) -> int:
    """Say what this machine offers, what is used of it, and why.

    The processor, threads and BLAS; which kernels are compiled and where they lie; for each cell whether a kernel
    does its work; what there is of CUDA, of torch and JAX, and of the texts that are not shipped. Nothing is compiled
    or changed. Exit status 1 if something is broken.
    """
    from cli.lab.doctor.examination import examine

    report = examine()
    if as_json:
        for row in report.rows():
            options.write_json(row)
    else:
        from cli.render.console import make_console
        from cli.render.doctor import show

        show(make_console(plain), report)
    return 1 if report.broken else 0
