"""`python -m alcove`: the `alcove` command."""

from alcove.cli import main

main()
