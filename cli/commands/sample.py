"""rnn-lab sample"""

from __future__ import annotations

import click

from cli.commands import options


@click.command(epilog="Example: rnn-lab sample runs/the-lighthouse-rnn-1 --prompt 'The keeper '")
@click.argument("run")
@click.option("--prompt", default="", help="Text to continue.")
@click.option("--length", default=300, show_default=True, type=click.IntRange(min=1), help="Tokens to add.")
@click.option(
    "--temperature", default=1.0, show_default=True, type=click.FloatRange(min=0), help="0: always the likeliest."
)
@options.seed
@options.as_json
def command(run: str, prompt: str, length: int, temperature: float, seed: int, as_json: bool) -> int:
    """Let a trained model continue a prompt.

    RUN is the folder that train printed, with its last weights, or RUN/best.safetensors with its best. Tokens
    appear as they are drawn: characters, words or bytes, whatever the model was trained on.
    """
    from cli.lab.runs import load
    from cli.lab.sampling import continuation

    pieces = continuation(load(run), prompt, length=length, temperature=temperature, seed=seed)
    if as_json:
        options.write_json({"run": run, "prompt": prompt, "text": "".join(pieces)})
        return 0
    click.echo(prompt, nl=False)
    for piece in pieces:
        click.echo(piece, nl=False)
    click.echo()
    return 0
