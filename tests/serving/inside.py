"""Runs in the namespaces of sagekeep/local/jobs/sandbox.py: a private /etc, a door to the test, and `serve`.

inside.py FOLDER_OF_ISOLATION DOOR. The toolkit listens on all addresses and writes /etc/sagemaker-ts.properties: here
the only network is a loopback interface of its own, and /etc is its own too. The test comes in through DOOR, a Unix
socket, since files are what both see.
"""

from __future__ import annotations

import shutil
import socket
import sys
import threading
from pathlib import Path

PORT = 8080


def own_etc(isolation) -> None:
    """A /etc that can be written, with everything of the machine's in it."""
    etc, stage = Path("/etc"), Path.home() / "etc"
    stage.mkdir(exist_ok=True)
    isolation.mount(etc, stage, flags=4096 | 16384)  # bind, with what is mounted below
    isolation.mount("tmpfs", etc, kind="tmpfs", data="mode=755,size=1m")
    for entry in stage.iterdir():
        isolation.carry_over(entry, etc / entry.name)


def open_door(path: str) -> None:
    """Whoever connects to the Unix socket is connected to the server's port."""
    door = socket.socket(socket.AF_UNIX)
    door.bind(path)
    door.listen(64)
    while True:
        guest, _ = door.accept()
        threading.Thread(target=_meet, args=(guest,), daemon=True).start()


def _meet(guest: socket.socket) -> None:
    try:
        host = socket.create_connection(("127.0.0.1", PORT))
    except OSError:
        guest.close()
        return
    threading.Thread(target=_carry, args=(guest, host), daemon=True).start()
    _carry(host, guest)


def _carry(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (source, target):
            end.close()


def main() -> None:
    """Serve until the process is ended."""
    sys.path.insert(0, sys.argv[1])
    import isolation

    own_etc(isolation)
    threading.Thread(target=open_door, args=(sys.argv[2],), daemon=True).start()
    sys.path.remove(sys.argv[1])
    from sagemaker_pytorch_serving_container.serving import main as serve

    assert shutil.which("torchserve"), "the environment's bin is not on PATH"
    serve()


if __name__ == "__main__":
    main()
