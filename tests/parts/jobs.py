"""Runs one job on an executor as the runner does, from its start until nothing of it is left."""

from runcast_runner.executors.executor import Executor, Job, Write


async def run_job(executor: Executor, job: Job, write: Write) -> int:
    async with executor.running(job) as running:
        return await running.follow(write)
