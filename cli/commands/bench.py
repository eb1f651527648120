"""rnn-lab bench"""

from __future__ import annotations

import click

from cli.commands import options


@click.command(epilog="Examples: rnn-lab bench lstm-256 · rnn-lab bench --peers ~/torch/bin/python --json")
@click.argument("workloads", nargs=-1, metavar="[NAME]...")
@click.option("--list", "listing", is_flag=True, help="List the workloads and end.")
@click.option("--rounds", default=9, show_default=True, type=click.IntRange(min=1), help="How often each has its turn.")
@click.option(
    "--peers", multiple=True, metavar="PYTHON",
    help="A Python that has torch or JAX; give it again for more. Default: this one.",
)  # fmt: skip
@click.option("--threads", type=click.IntRange(min=1), help="Of ours. Default: all cores. Peers try 1, 2, 4 … and all.")
@click.option(
    "--device", default="cpu", show_default=True, type=click.Choice(["cpu", "cuda"]),
    help="On cuda torch's layers are cuDNN's, TF32 is off, and a larger training step is timed too.",
)  # fmt: skip
@click.option("--compile", "compiled", is_flag=True, help="Time torch.compile too, which takes minutes to compile.")
@options.seed
@options.plain
@options.as_json
def command(
    workloads: tuple[str, ...],
    listing: bool,
    rounds: int,
    peers: tuple[str, ...],
    threads: int | None,
    device: str,
    compiled: bool,
    seed: int,
    plain: bool,
    as_json: bool,
) -> int:
    """Time training steps beside torch and JAX.

    Without a NAME, eight training steps are timed. Each implementation has a process of its own; they take turns,
    each with its best number of threads, and none is timed before its losses agree with the others'. Peers that are
    not installed are left out. Exit status 1 if an implementation computes something else.
    """
    from cli.lab.bench import measuring
    from cli.lab.bench.workloads import listed
    from cli.render.bench import follow, show, show_list
    from cli.render.console import make_console

    if listing:
        if as_json:
            for name, what in listed().items():
                options.write_json({"workload": name, "measures": what})
        else:
            show_list(make_console(plain), listed())
        return 0
    plan = measuring.plan(
        workloads, rounds=rounds, seed=seed, peers=peers, threads=threads, compiled=compiled, device=device
    )
    versions: dict[str, str] = {}
    results = []
    with follow(make_console(plain, stderr=True), plan.workloads) as tell:
        for result in measuring.measure(plan, tell, versions):
            results.append(result)
            if as_json:
                options.write_json({**result.row(), "device": device})
    report = measuring.report(results, versions, plan.gpu)
    if as_json:
        options.write_json({**report.last_row(), "device": device})
    else:
        show(make_console(plain), report)
    return 1 if report.disagreeing else 0
