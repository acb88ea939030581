"""`python -m berkeley`: the command line."""

from berkeley._cli import main

if __name__ == "__main__":
    main()
