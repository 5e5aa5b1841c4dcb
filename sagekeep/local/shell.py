"""The environment of an embedded AWS as lines of a shell."""

from __future__ import annotations

import os
import shlex

from sagekeep.local.instance import Instance, foreign


def exports(instance: Instance) -> str:
    """Shell lines that lead the commands of a terminal with this process's environment here, and nowhere else."""
    variables = instance.variables()
    others = [name for name in sorted(os.environ) if foreign(name) and name not in variables and name.isidentifier()]
    lines = [f"unset {name}" for name in others]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in sorted(variables.items())]
    return "\n".join(lines)
