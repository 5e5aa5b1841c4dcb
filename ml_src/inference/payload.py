"""Requests and answers of the endpoint as plain values; standard library only.

In: `text/csv` (with or without a header; `text/csv; header=present` or `header=absent` settles it), `application/json`
as `{"instances": [...]}` or the bare list, of objects (by column) or arrays (in training order). Out: JSON or CSV.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

try:  # the model server of the image answers with the status of its own error class, and with 500 for any other
    from sagemaker_inference.errors import BaseInferenceToolkitError
except ImportError:

    class BaseInferenceToolkitError(Exception):  # type: ignore[no-redef]
        """The same three attributes, where the toolkit is not installed."""

        def __init__(self, status_code: int, message: str, phrase: str) -> None:
            self.status_code, self.message, self.phrase = status_code, message, phrase
            super().__init__(message)


JSON = "application/json"
CSV = "text/csv"
# What counts as "no value" in a field of text, as in preprocess.
MISSING = frozenset({
    "", "#N/A", "#NA", "<NA>", "?", "N/A", "NA", "NULL", "NaN", "None", "n/a", "na", "nan", "none", "null",
    "-NaN", "-nan",
})  # fmt: skip
# Bytes of an answer: what InvokeEndpoint carries (botocore's model of it). TorchServe's worker dies of an answer over
# TS_MAX_RESPONSE_SIZE, which is 6,553,500 unless the container's environment says otherwise.
LARGEST_ANSWER = 6 * 1024 * 1024
MESSAGE_LENGTH, QUOTED_LENGTH = 4000, 80  # characters: of a refusal, and of what it quotes of a request
TRUTH = {"true": 1.0, "false": 0.0}
Value = float | str | None


class RequestError(BaseInferenceToolkitError, ValueError):
    """The request cannot be answered; `message` says what to change, `status_code` is the HTTP status.

    A ValueError, since servers without the toolkit (AutoGluon 1.6) answer that with status 400 and its text.
    `phrase` is HTTP's own for the status, never the message: TorchServe 0.12 counts the phrase in characters and sends
    it in UTF-8, so that a single é in it ends the worker. `message` is text that UTF-8 has, of MESSAGE_LENGTH at most.
    """

    def __init__(self, status: HTTPStatus, message: str) -> None:
        whole = message.encode(errors="backslashreplace").decode()  # JSON has halves of characters, UTF-8 has not
        super().__init__(int(status), shortened(whole, MESSAGE_LENGTH), status.phrase)

    def __str__(self) -> str:
        return str(self.message)


class ModelError(BaseInferenceToolkitError):
    """The model failed; no ValueError, since the request is not to blame."""

    def __init__(self, message: str) -> None:
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        super().__init__(int(status), message, status.phrase)

    def __str__(self) -> str:
        return str(self.message)


@dataclass(frozen=True)
class Schema:
    """What the model was trained on: its columns in order, which of them hold numbers, and the label."""

    columns: tuple[str, ...]
    numeric: frozenset[str]
    label: str


@dataclass(frozen=True)
class Answer:
    """A prediction for each row, and its probability by class (empty for regression)."""

    predictions: Sequence[Any]
    probabilities: Sequence[Mapping[str, float]]


def parse(body: str | bytes, content_type: str | None, schema: Schema) -> dict[str, list[Value]]:
    """Column -> its values, row by row, as the model's types; raises RequestError naming row and column."""
    kind, options = _media_type(content_type)
    if kind not in {JSON, CSV}:
        found = quoted(content_type or "")
        raise RequestError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"cannot read {found}; send {CSV} or {JSON}")
    text = _text(body)
    rows = _csv_rows(text, options.get("header", ""), schema) if kind == CSV else _json_rows(text, schema)
    if not rows:
        raise _bad("the request holds no rows")
    return {
        name: [_value(row[position], number, name, schema) for number, row in enumerate(rows, start=1)]
        for position, name in enumerate(schema.columns)
    }


def answer_type(accept: str | None) -> str:
    """The media type to answer in, `application/json` where the caller does not mind; raises RequestError (406)."""
    for wanted in (accept or "*/*").split(","):
        kind, options = _media_type(wanted)
        if kind in {JSON, "application/*", "*/*", ""}:
            return JSON
        if kind in {CSV, "text/*"}:
            return f"{CSV}; header=absent" if options.get("header") == "absent" else CSV
    raise RequestError(HTTPStatus.NOT_ACCEPTABLE, f"cannot answer in {quoted(accept or '')}; accept {JSON} or {CSV}")


def render(answer: Answer, kind: str) -> str:
    """The body in the media type that `answer_type` returned; raises RequestError (413) where it is too large."""
    body = _rendered(answer, kind)
    size, rows = len(body.encode()), len(answer.predictions)
    if size <= LARGEST_ANSWER:
        return body
    # One in a hundred less than the average row allows: rows differ, and the names of the classes come on top.
    fit = max(1, rows * LARGEST_ANSWER // size * 99 // 100)
    raise RequestError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"the answer to these {rows} rows has {size} bytes, and an endpoint answers with {LARGEST_ANSWER} at most: "
        f"send {fit} rows at a time",
    )


def _rendered(answer: Answer, kind: str) -> str:
    if kind == JSON:
        body: dict[str, Any] = {"predictions": list(answer.predictions)}
        if answer.probabilities:
            body["probabilities"] = [dict(row) for row in answer.probabilities]
        return json.dumps(body)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    classes = list(answer.probabilities[0]) if answer.probabilities else []
    if kind == CSV:
        writer.writerow(["prediction", *(f"probability_{name}" for name in classes)])
    for number, prediction in enumerate(answer.predictions):
        writer.writerow([prediction, *(answer.probabilities[number][name] for name in classes)])
    return out.getvalue()


def quoted(text: str) -> str:
    """Text of a request in quotes on one line, as much of it as helps: escapes stand for what is not printable."""
    return repr(shortened(text, QUOTED_LENGTH))


def shortened(text: str, length: int) -> str:
    """At most `length` characters and an ellipsis."""
    return text if len(text) <= length else f"{text[:length]}..."


def _bad(message: str) -> RequestError:
    return RequestError(HTTPStatus.BAD_REQUEST, message)


def _media_type(header: str | None) -> tuple[str, dict[str, str]]:
    kind, *rest = (part.strip().lower() for part in (header or "").split(";"))
    return kind, dict(part.split("=", 1) for part in rest if "=" in part)


def _text(body: str | bytes) -> str:
    if isinstance(body, str):
        return body.removeprefix("\ufeff")
    try:
        return bytes(body).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _bad(f"the body is not UTF-8: byte {error.start}") from None


def _csv_rows(text: str, header: str, schema: Schema) -> list[list[Any]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    try:
        records = [record for record in reader if record]
    except csv.Error as error:
        raise _bad(f"CSV, line {reader.line_num}: {error}") from None
    if not records:
        return []
    names = [cell.strip() for cell in records[0]]
    if header == "present" or (header != "absent" and _is_header(names, schema)):
        return _by_name(names, records[1:], schema)
    return _by_position(records, schema)


def _is_header(cells: list[str], schema: Schema) -> bool:
    known = {*schema.columns, schema.label}
    if all(_number(cell) is not None for cell in cells):  # columns may be called 0, 1, 2 ...
        return tuple(cell for cell in cells if cell != schema.label) == schema.columns
    return 2 * sum(cell in known for cell in cells) >= len(cells)


def _by_name(names: list[str], records: list[list[str]], schema: Schema) -> list[list[Any]]:
    _check_names(set(names), schema)
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise _bad(f"the header names a column twice: {_listing(twice)}")
    order = [names.index(name) for name in schema.columns]
    for number, record in enumerate(records, start=1):
        if len(record) != len(names):
            raise _bad(f"row {number}: {len(record)} fields, but the header has {len(names)}")
    return [[record[position] for position in order] for record in records]


def _by_position(records: list[list[Any]], schema: Schema) -> list[list[Any]]:
    for number, record in enumerate(records, start=1):
        if len(record) != len(schema.columns):
            raise _bad(
                f"row {number}: {len(record)} values, but the model takes {len(schema.columns)}, without the label "
                f"{quoted(schema.label)}, in this order: {_listing(schema.columns)}"
            )
    return records


def _json_rows(text: str, schema: Schema) -> list[list[Any]]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError also for a number of too many digits
        raise _bad(f"not JSON: {error}") from None
    rows = document.get("instances") if isinstance(document, dict) else document
    if isinstance(rows, list) and all(isinstance(row, list) for row in rows):
        return _by_position(rows, schema)
    if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
        for number, row in enumerate(rows, start=1):
            _check_names(set(row), schema, f"row {number}: ")
        return [[row[name] for name in schema.columns] for row in rows]
    raise _bad('expected {"instances": [...]} or a list, of objects (by column name) or of arrays, not of both')


def _check_names(names: set[str], schema: Schema, where: str = "") -> None:
    unknown = sorted(names - {*schema.columns, schema.label})
    missing = [name for name in schema.columns if name not in names]
    faults = [f"unknown columns: {_listing(unknown)}"] if unknown else []
    faults += [f"missing columns: {_listing(missing)}"] if missing else []
    if faults:
        raise _bad(f"{where}{'; '.join(faults)}; the model takes {_listing(schema.columns)}")


def _value(raw: Any, row: int, name: str, schema: Schema) -> Value:
    if raw is None or (isinstance(raw, str) and raw.strip() in MISSING):
        return None
    if isinstance(raw, list | dict):
        raise _bad(f"row {row}, column {quoted(name)}: a single value is expected, not a list or an object")
    if name not in schema.numeric:
        return str(raw).strip()
    number = _number(raw)
    if number is None:
        hint = f"; if row 1 is a header, its names are not the model's: {_listing(schema.columns)}" if row == 1 else ""
        raise _bad(f"row {row}, column {quoted(name)}: {quoted(str(raw))} is not a number{hint}")
    return number if math.isfinite(number) else None


def _number(raw: Any) -> float | None:
    if isinstance(raw, str):
        text = raw.strip().lower()
        if "_" in text:  # Python would read 1_000 as a number
            return None
        raw = TRUTH.get(text, text)
    try:
        return float(raw)
    except (ValueError, OverflowError):
        return None


def _listing(names: Sequence[str], shown: int = 40) -> str:
    rest = len(names) - shown
    return ", ".join(map(quoted, names[:shown])) + (f" and {rest} more" if rest > 0 else "")
