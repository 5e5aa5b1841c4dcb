"""Says whether the live pipeline is the wanted one. Reads only, and never fails a plan."""
