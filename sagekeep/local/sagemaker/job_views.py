"""What the Describe calls say of a job that runs: its statuses, times and transitions."""

from __future__ import annotations

from sagekeep.local.sagemaker.job_kinds import TRAINING, JobKind
from sagekeep.local.sagemaker.model import Params
from sagekeep.local.sagemaker.platform import COMPLETED, FAILED, JOB_OVER, STARTING, STOPPED, JobState
from sagekeep.local.sagemaker.store import Record

RUNS = ("InProgress", "Stopping")
LONGEST_REASON = 1024  # characters of FailureReason and ExitMessage
# API reference, SecondaryStatusTransition.
_MESSAGES = {
    "Starting": "Starting the training job",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Uploading": "Uploading generated training model",
    "Stopping": "Stopping the training job",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job exceeded MaxRuntimeInSeconds",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
}


def refresh(kind: JobKind, record: Record, job: JobState) -> bool:
    """Write how the job goes into its record; True when a status has changed."""
    before = record.steady, record.data.get("SecondaryStatus")
    over = job.phase in JOB_OVER
    asked = record.data.get("StopTime")
    record.steady = job.phase if over else "InProgress" if asked is None else "Stopping"
    history = list(job.history) or [(STARTING, record.created)]
    record.modified = max(history[-1][1], record.modified)
    started = next((moment for phase, moment in history if phase != STARTING), None)
    word = kind.word.capitalize()
    if started is not None:
        record.data[f"{word}StartTime"] = started
    if over:
        record.data[f"{word}EndTime"] = history[-1][1]
        _note_end(kind, record, job, history[-1][1] - (started or history[-1][1]))
    if kind.phases is not None:
        steps = _secondary(kind.phases, history, asked)
        record.data["SecondaryStatusTransitions"] = _transitions(steps, over=over)
        record.data["SecondaryStatus"] = steps[-1][0]
    return before != (record.steady, record.data.get("SecondaryStatus"))


def _note_end(kind: JobKind, record: Record, job: JobState, seconds: float) -> None:
    if job.phase == FAILED:
        record.failure = job.failure[:LONGEST_REASON]
    if kind is TRAINING:
        record.data |= {"TrainingTimeInSeconds": round(seconds), "BillableTimeInSeconds": round(seconds)}
    elif job.message:
        record.data["ExitMessage"] = job.message[:LONGEST_REASON]


def _secondary(
    phases: dict[str, str], history: list[tuple[str, float]], asked: float | None
) -> list[tuple[str, float]]:
    steps = [(_secondary_status(phases, phase, asked), moment) for phase, moment in history]
    if asked is None:
        return steps
    # A stopped job goes on for a while (it may save its model), but its status stays Stopping until the end.
    end = [step for step in steps[-1:] if history[-1][0] in JOB_OVER]
    return [*(step for step in steps if step[1] <= asked and step not in end), ("Stopping", asked), *end]


def _secondary_status(phases: dict[str, str], phase: str, asked: float | None) -> str:
    if phase == STOPPED and asked is None:
        return "MaxRuntimeExceeded"  # nobody stopped it: its time was over
    return phase if phase in (COMPLETED, FAILED, STOPPED) else phases[phase]


def _transitions(steps: list[tuple[str, float]], *, over: bool) -> list[Params]:
    ends: list[float | None] = [moment for _, moment in steps[1:]]
    ends.append(steps[-1][1] if over else None)
    found = zip(steps, ends, strict=True)
    return [
        {"Status": status, "StartTime": start, "EndTime": end, "StatusMessage": _MESSAGES[status]}
        if end is not None
        else {"Status": status, "StartTime": start, "StatusMessage": _MESSAGES[status]}
        for (status, start), end in found
    ]
