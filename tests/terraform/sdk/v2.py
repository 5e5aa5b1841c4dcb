"""What a person does in Studio with version 2 of SageMaker's Python SDK; runs on an interpreter that has it."""

from __future__ import annotations

import sys

import common
from sagemaker.inputs import TrainingInput
from sagemaker.processing import ProcessingInput, ProcessingOutput
from sagemaker.session import Session
from sagemaker.sklearn import SKLearn
from sagemaker.sklearn.processing import SKLearnProcessor
from sagemaker.workflow.pipeline import Pipeline

CODE, DATA, PIPELINE = sys.argv[1:]
MACHINE = {"instance_type": "ml.m5.large", "instance_count": 1}

with common.step("process"):
    processor = SKLearnProcessor(framework_version="1.2-1", **MACHINE)
    processor.run(
        code=f"{CODE}/process.py",
        inputs=[ProcessingInput(source=DATA, destination="/opt/ml/processing/input/data")],
        outputs=[ProcessingOutput(source="/opt/ml/processing/output", output_name="rows")],
        logs=False,
    )

with common.step("train"):
    estimator = SKLearn(entry_point="train.py", source_dir=CODE, framework_version="1.2-1", **MACHINE)
    estimator.fit({"train": TrainingInput(processor.latest_job.outputs[0].destination)})

with common.step("deploy"):
    predictor = estimator.deploy(initial_instance_count=1, instance_type="ml.m5.large")

with common.step("predict"):
    common.say(predictor.predict([[1.0], [2.0]]).tolist())

with common.step("delete"):
    predictor.delete_model()
    predictor.delete_endpoint()

with common.step("pipeline"):
    execution = Pipeline(name=PIPELINE, sagemaker_session=Session()).start()
    common.say(execution.describe()["PipelineExecutionStatus"])
    execution.stop()
