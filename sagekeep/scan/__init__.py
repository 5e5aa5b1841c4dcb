"""`sagekeep scan`: public scanners over what main.py wrote, beside a register of what is accepted and why."""
