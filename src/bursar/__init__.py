"""Bursar: one book of all your money, behind operations an agent can be trusted with."""

__version__: str


def __getattr__(name: str) -> str:
    """Look up the version when it is asked for: every command loads this module first."""
    if name != "__version__":
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - loads for long

    try:
        return version("bursar")
    except PackageNotFoundError:  # running from a tree that was never installed
        return "0.0.0"
