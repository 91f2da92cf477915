"""Tables of the job runner: numbers only."""

from banyan.kernel.personal import names_nobody

names_nobody(
    "procrastinate.ProcrastinateJob", "procrastinate.ProcrastinateEvent",
    "procrastinate.ProcrastinatePeriodicDefer", "procrastinate.ProcrastinateWorker",
)  # fmt: skip
