"""python -m service: serve the current model over HTTP."""

import sys

import click

from dateline.errors import DatelineError
from dateline.settings import describe, load_settings

_SETTINGS = "\n".join(f"{name} [{default}]: {text}" for name, default, text in describe())


@click.command(
    context_settings={"help_option_names": ["-h", "--help"]}, epilog=f"\b\nSettings, from the environment:\n{_SETTINGS}"
)
@click.option("--sample", is_flag=True, help="Once ready, classify a sample text and print the answer.")
def main(sample: bool) -> None:
    """Serve the current model over HTTP: the API below /v1, its description and a try-out page at /docs."""
    try:
        settings = load_settings()
        from service.app import create_app  # noqa: PLC0415 - not needed for --help
        from service.sample import show_when_ready  # noqa: PLC0415
        from service.server import Server  # noqa: PLC0415

        app = create_app(settings)
    except DatelineError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)
    base_url = f"http://{settings.host}:{settings.port}"
    Server(app, settings, on_ready=(lambda: show_when_ready(base_url)) if sample else None).run()


if __name__ == "__main__":
    main(prog_name="python -m service")
