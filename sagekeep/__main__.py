"""`python -m sagekeep`."""

from __future__ import annotations

from sagekeep.cli import main

if __name__ == "__main__":
    main()
