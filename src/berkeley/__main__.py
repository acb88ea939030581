"""`python -m berkeley`: the command line."""

from berkeley._command.cli import main

if __name__ == "__main__":
    main()
