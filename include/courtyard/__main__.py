"""`python -m courtyard`."""

from courtyard.cli import main

if __name__ == "__main__":
    main()
