"""`python -m bursar` is the command line."""

from bursar.interfaces.cli.main import main

main()
