"""What a person does in Studio with version 3 of SageMaker's Python SDK: process and train.

`KEY` and `ROLE`: this version takes them from its defaults for some things only (docs/access.md).
"""

from __future__ import annotations

import sys

from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session
from sagemaker.core.processing import ScriptProcessor
from sagemaker.core.shapes import ProcessingInput, ProcessingOutput, ProcessingS3Input, ProcessingS3Output
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, InputData, OutputDataConfig, SourceCode

CODE, DATA, PIPELINE, *_ = sys.argv[1:]
SESSION = Session()
TRAINING = SESSION.sagemaker_config["SageMaker"]["TrainingJob"]
KEY, ROLE = TRAINING["OutputDataConfig"]["KmsKeyId"], TRAINING["RoleArn"]
IMAGE = image_uris.retrieve("sklearn", SESSION.boto_region_name, "1.2-1", instance_type="ml.m5.large")
KEYS = {"compute": Compute(volume_kms_key_id=KEY), "output_data_config": OutputDataConfig(kms_key_id=KEY)}


def process() -> None:
    """A script over local data, whose result lies where the SDK puts it."""
    source = ProcessingS3Input(
        s3_uri=DATA, local_path="/opt/ml/processing/input/data", s3_data_type="S3Prefix", s3_input_mode="File"
    )
    rows = ProcessingS3Output(s3_uri="", local_path="/opt/ml/processing/output", s3_upload_mode="EndOfJob")
    processor = ScriptProcessor(image_uri=IMAGE, command=["python3"], instance_count=1, instance_type="ml.m5.large")
    processor.run(
        code=f"{CODE}/process.py",
        inputs=[ProcessingInput(input_name="data", s3_input=source)],
        outputs=[ProcessingOutput(output_name="rows", s3_output=rows)],
        logs=False,
    )


def train(*, wait: bool = True, **more: object) -> str:
    """A local folder of code and one of data; the model's place, where it waits for it."""
    code = SourceCode(source_dir=CODE, entry_script="train.py")
    trainer = ModelTrainer(training_image=IMAGE, source_code=code, **more)
    trainer.train(input_data_config=[InputData(channel_name="train", data_source=DATA)], wait=wait, logs=wait)
    return "" if not wait else str(trainer._latest_training_job.model_artifacts.s3_model_artifacts)
