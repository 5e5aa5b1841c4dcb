"""Serve the model; runs in the AutoGluon inference image, which calls `model_fn` once and `transform_fn` for a request.

Train copies this folder into the model as code/, and the image puts code/ on the import path. The model folder is
read-only here. `payload` knows the formats; a request that cannot be answered is refused with its RequestError. Of any
other error caller and log learn kind and place at most: its text may hold rows.
"""

from __future__ import annotations

import logging
import traceback
from typing import Any

import pandas as pd
import payload
from autogluon.tabular import TabularPredictor

NUMERIC_TYPES = frozenset({"int", "float", "bool"})  # AutoGluon's raw types


def model_fn(model_dir: str) -> TabularPredictor:
    """The predictor with its models in memory: otherwise they are read from disk for every request."""
    predictor = TabularPredictor.load(model_dir)
    predictor.persist()
    return predictor


def transform_fn(
    model: TabularPredictor, request_body: str | bytes, content_type: str, accept: str, context: Any = None
) -> tuple[str, str]:
    """(body, content type) of the answer or of the refusal; without a context to set the status in, raises the refusal.

    TorchServe's toolkit passes a context, and adds a traceback to what is raised. The images from AutoGluon 1.6 on pass
    none: they answer a ValueError with 400 and its text, and anything else with a bare 500.
    """
    refusal: payload.RequestError | payload.ModelError
    try:
        return answer(model, request_body, content_type, accept)
    except payload.RequestError as error:
        refusal = error
    except Exception as error:  # noqa: BLE001 - the toolkit would make its text the reason phrase
        refusal = unexpected(error)
    if not hasattr(context, "set_response_status"):
        raise refusal
    context.set_response_status(code=refusal.status_code, phrase=refusal.phrase)
    return refusal.message, "text/plain; charset=utf-8"


def unexpected(error: Exception) -> payload.ModelError:
    """What stands for an error in the model; the log has where it happened."""
    kind = type(error).__name__
    places = "".join(traceback.format_tb(error.__traceback__))
    logging.getLogger(__name__).error("the model failed with %s at\n%s", kind, places)
    return payload.ModelError(f"the model failed on these rows ({kind}); the endpoint's log says where")


def answer(model: TabularPredictor, request_body: str | bytes, content_type: str, accept: str) -> tuple[str, str]:
    """(body, content type) with a prediction for every row, and probabilities by class unless it is a regression."""
    answer_type = payload.answer_type(accept)
    schema = schema_of(model)
    columns = payload.parse(request_body, content_type, schema)
    rows = pd.DataFrame({name: pd.Series(values, dtype=dtype_of(name, schema)) for name, values in columns.items()})
    return payload.render(predict(model, rows), answer_type), answer_type


def predict(model: TabularPredictor, rows: pd.DataFrame) -> payload.Answer:
    """Classes come from the probabilities, so that the models run once."""
    if not model.can_predict_proba:
        return payload.Answer(model.predict(rows).tolist(), [])
    probabilities = model.predict_proba(rows)
    predictions = model.predict_from_proba(probabilities).tolist()
    probabilities.columns = probabilities.columns.map(str)
    return payload.Answer(predictions, probabilities.to_dict(orient="records"))


def schema_of(model: TabularPredictor) -> payload.Schema:
    """The columns that were in train.csv, the label left out, with the type they had there."""
    raw_types = model.feature_metadata_in.type_map_raw
    columns = tuple(model.original_features)
    numeric = frozenset(name for name in columns if raw_types.get(name) in NUMERIC_TYPES)
    return payload.Schema(columns, numeric, model.label)


def dtype_of(name: str, schema: payload.Schema) -> str:
    """Text stays text: the code 007 is no 7, and a column of codes must not turn into numbers for one request."""
    return "float64" if name in schema.numeric else "object"
