"""What witnesses look at is what the proof looks at: the environments and options of tests/controls."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "controls"))
