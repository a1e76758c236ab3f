"""`prism completion`: the script that lets a shell complete commands, options and creators' ids."""

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    \b
      bash  prism completion bash >> ~/.bashrc
      zsh   prism completion zsh >> ~/.zshrc
      fish  prism completion fish > ~/.config/fish/completions/prism.fish
    """
    script = get_completion_class(shell)
    assert script is not None
    click.echo(script(context.find_root().command, {}, "prism", "_PRISM_COMPLETE").source())
