"""The runner: jobs and model servers of the embedded AWS, as processes of this machine.

The gateway's side is `platform` with an `attendant` for each piece of work; the other side is `worker`, a process that
moves data with the credentials of the work's role and starts the script without them; `container/` is what runs inside
with the script, on the interpreter of its image: standard library only, but for the model server's WSGI server.
"""

from __future__ import annotations

from sagekeep.local.jobs.outside import Limits, Outside

__all__ = ["Limits", "Outside"]
