"""The command `bursar`, also as `python -m bursar`. Ctrl-C ends it quietly, while it loads too."""

import sys

EXIT_INTERRUPTED = 130  # what shells give for SIGINT


def main() -> None:
    """Load the command line and run it."""
    try:
        from bursar.interfaces.cli.main import main as run  # noqa: PLC0415 - loads for long

        run()
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        sys.exit(EXIT_INTERRUPTED)


if __name__ == "__main__":
    main()
