"""Bursar: one book of all your money, behind operations an agent can be trusted with."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("bursar")
except PackageNotFoundError:  # running from a tree that was never installed
    __version__ = "0.0.0"
