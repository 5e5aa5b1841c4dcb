"""Model servers: /ping, /invocations, the user's functions, and every way to fail."""

from __future__ import annotations

import io
import tarfile
import threading

import pytest

from sagekeep.local.sagemaker.platform import FAILED, IN_SERVICE, Server
from tests.local.jobs.conftest import MakeBench
from tests.local.jobs.workbench import REGISTRY, Bench

TRANSFORM = """
import os, pathlib
def model_fn(model_dir):
    return pathlib.Path(model_dir, "weight").read_text()
def transform_fn(model, body, content_type, accept):
    return f"{model} {body!r} {content_type} {accept}", "text/plain"
"""
PARTS = """
def model_fn(model_dir, context):
    return context.system_properties["model_dir"][-5:]
def input_fn(body, content_type):
    return body
def predict_fn(data, model):
    return [model, data]
def output_fn(prediction, accept):
    return "|".join(map(str, prediction))
"""
NO_PING = (
    "The primary container for production variant AllTraffic did not pass the ping health check. "
    "Please check CloudWatch logs for this endpoint."
)


def packed(**files: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


def model(bench: Bench, code: str, name: str = "m") -> str:
    files = {"code/inference.py": code, "weight": "heavy"}
    return bench.put(f"models/{name}/model.tar.gz", packed(**files)) + "model.tar.gz"


def start(bench: Bench, code: str, name: str = "m", **container: str) -> Server:
    server = bench.serve(model(bench, code, name), **container)
    state = bench.settled(server)
    assert state.phase == IN_SERVICE, (state, bench.logs)
    return server


def ask(bench: Bench, server: Server, body: bytes = b"1", kind: str = "text/csv") -> tuple[int, str]:
    status, _, said = bench.platform.invoke(server.id, body, {"content-type": kind})
    return status, said.decode()


def stop(bench: Bench, *servers: Server) -> None:
    for server in servers:
        bench.platform.stop_server(server.id)
    bench.wait(lambda: list(bench.folder.iterdir()), lambda left: not left)


def test_a_model_answers_as_under_the_inference_toolkit(bench: Bench) -> None:
    server = start(bench, TRANSFORM)
    status, headers, body = bench.platform.invoke(server.id, b"1,2", {"content-type": "text/csv", "accept": "x/y"})
    assert (status, body, headers["Content-Type"]) == (200, b"heavy '1,2' text/csv x/y", "text/plain")
    assert ask(bench, server, b"{}", "application/json") == (200, "heavy '{}' application/json application/json")
    assert ask(bench, server, b"\xff", "image/png") == (200, "heavy b'\\xff' image/png application/json")
    (group, stream) = next(iter(bench.logs))
    assert group == f"/aws/sagemaker/Endpoints/{server.endpoint}"
    assert stream.startswith("AllTraffic/i-")
    stop(bench, server)
    assert ask(bench, server) == (0, "The container primary does not answer.")


def test_an_image_with_another_server_answers_as_that_one_does(bench: Bench) -> None:
    server = start(bench, TRANSFORM, Image=f"{REGISTRY}/adapted:1.6-cpu")
    sent = {"content-type": "text/csv; header=absent", "accept": "x/y; z=1"}
    status, headers, body = bench.platform.invoke(server.id, b"1,2", sent)
    assert (status, body, headers["Content-Type"]) == (200, b"heavy '1,2' text/csv x/y", "text/plain")
    assert ask(bench, server, b"\xff")[0] == 400
    stop(bench, server)


def test_three_functions_and_a_context_do_as_well(one_bench: Bench) -> None:
    server = start(one_bench, PARTS)
    assert ask(one_bench, server, b"7") == (200, "model|7")
    stop(one_bench, server)


def test_errors_carry_the_status_of_the_toolkits_class_or_500(one_bench: Bench) -> None:
    server = start(one_bench, """
class BaseInferenceToolkitError(Exception):
    def __init__(self, status_code, message):
        self.status_code, self.message = status_code, message
def model_fn(model_dir):
    return 1
def transform_fn(model, body, content_type, accept):
    if body == "known":
        raise BaseInferenceToolkitError(415, "send CSV")
    raise KeyError("column")
""")  # fmt: skip
    status, said = ask(one_bench, server, b"known")
    assert (status, said.splitlines()[0]) == (415, "send CSV")
    status, said = ask(one_bench, server, b"other")
    assert (status, said.splitlines()[0]) == (500, "'column'")
    one_bench.wait(lambda: one_bench.log("AllTraffic"), lambda lines: lines[-1] == "KeyError: 'column'")
    stop(one_bench, server)


@pytest.mark.parametrize(
    ("code", "last"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("def model_fn(d): raise OSError('bad file')\ntransform_fn = print", "OSError: bad file"),
        (TRANSFORM + "input_fn = print", "cannot be used together with input_fn, predict_fn, output_fn"),
        ("transform_fn = print", "inference.py has no model_fn, and the image has none for AutoGluon's models"),
    ],
)
def test_a_broken_model_fails_its_ping_and_tells_the_log_why(one_bench: Bench, code: str, last: str) -> None:
    state = one_bench.settled(one_bench.serve(model(one_bench, code)))
    assert (state.phase, state.failure) == (FAILED, NO_PING)
    assert one_bench.log("AllTraffic")[-1].endswith(last)
    assert list(one_bench.folder.iterdir()) == []


def test_a_model_that_takes_too_long_fails_its_ping(make_bench: MakeBench, namespaces: bool) -> None:
    bench = make_bench(namespaces, ping=1)
    state = bench.settled(bench.serve(model(bench, "import time; time.sleep(600)")))
    assert (state.phase, state.failure) == (FAILED, NO_PING)


def test_the_configuration_says_how_long_a_model_may_load(make_bench: MakeBench) -> None:
    slow = "import time; time.sleep(3)\n" + TRANSFORM
    bench = make_bench(None, ping=1)
    server = bench.serve(model(bench, slow), startup_seconds=60)
    assert bench.settled(server).phase == IN_SERVICE
    stop(bench, server)
    other = make_bench(None, ping=60)
    assert other.settled(other.serve(model(other, slow), startup_seconds=1)).phase == FAILED


def test_a_model_that_loads_longer_than_torchserve_waits_never_serves(one_bench: Bench) -> None:
    environment = {"SAGEMAKER_PROGRAM": "inference.py", "TS_DEFAULT_STARTUP_TIMEOUT": "1"}
    server = one_bench.serve(model(one_bench, "import time; time.sleep(600)"), Environment=environment)
    assert one_bench.settled(server).failure == NO_PING
    assert one_bench.log("AllTraffic")[-1] == "Worker died: the model was not loaded after 1 seconds"


def test_a_server_that_dies_is_failed_and_answers_nothing(bench: Bench) -> None:
    server = start(bench, "model_fn = lambda d: d\ndef transform_fn(m, b, c, a): import os; os._exit(3)")
    assert ask(bench, server) == (0, "The container primary does not answer.")
    state = bench.wait(lambda: bench.platform.server(server.id), lambda state: state.phase == FAILED)
    assert state.failure == NO_PING


def test_an_answer_that_takes_too_long_is_reported_as_aws_does(make_bench: MakeBench, namespaces: bool) -> None:
    bench = make_bench(namespaces, answer=1)
    server = start(bench, "model_fn = lambda d: d\ndef transform_fn(m, b, c, a): import time; time.sleep(600)")
    status, said = ask(bench, server)
    assert (status, said) == (0, "Your invocation timed out while waiting for a response from container primary.")
    stop(bench, server)


def test_an_old_server_answers_while_a_new_one_starts_and_fails(bench: Bench) -> None:
    old = start(bench, TRANSFORM)
    waiting = bench.serve(model(bench, "import time; print('loading'); time.sleep(600)", "new"))
    bench.wait(lambda: bench.log("AllTraffic"), lambda lines: "loading" in lines)
    assert ask(bench, old)[0] == 200
    bench.platform.stop_server(waiting.id)
    assert bench.settled(waiting).phase == FAILED
    assert ask(bench, old)[0] == 200
    stop(bench, old)


def test_a_server_answers_several_clients_at_once(bench: Bench) -> None:
    server = start(bench, TRANSFORM)
    answers: list[tuple[int, str]] = []
    threads = [
        threading.Thread(target=lambda n=n: answers.append(ask(bench, server, str(n).encode()))) for n in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == sorted((200, f"heavy '{n}' text/csv application/json") for n in range(16))
    stop(bench, server)


def test_the_model_folder_is_read_only_and_there_is_no_network(apart_bench: Bench) -> None:
    server = start(apart_bench, """
import pathlib, socket
model_fn = lambda d: d
def transform_fn(model, body, content_type, accept):
    said = []
    for attempt in (lambda: pathlib.Path(model, "x").write_text("x"),
                    lambda: socket.create_connection(("203.0.113.1", 443), timeout=5)):
        try:
            attempt()
        except OSError as error:
            said.append(error.strerror)
    return ", ".join(said)
""")  # fmt: skip
    assert ask(apart_bench, server) == (200, "Read-only file system, Network is unreachable")
    stop(apart_bench, server)


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (b"no archive", "Failed to extract model data archive from URL"),
        (packed(**{"../outside": "x"}), "Failed to extract model data archive from URL"),
    ],
)
def test_an_archive_that_is_none_or_leads_outside_is_refused(one_bench: Bench, archive: bytes, reason: str) -> None:
    url = one_bench.put("models/bad/model.tar.gz", archive) + "model.tar.gz"
    state = one_bench.settled(one_bench.serve(url))
    assert state.phase == FAILED
    assert state.failure.startswith(reason)
    assert list(one_bench.folder.iterdir()) == []


def test_a_model_that_is_not_there_is_told_in_s3s_words(one_bench: Bench) -> None:
    state = one_bench.settled(one_bench.serve(f"s3://{one_bench.bucket}/models/none/model.tar.gz"))
    assert state.phase == FAILED
    assert "models/none/model.tar.gz (NoSuchKey: " in state.failure
