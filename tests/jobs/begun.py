"""Work of this process, begun and watched as a test wants it."""

from __future__ import annotations

from backend.jobs.runner import Running, Task, call_in_thread, outcome_of


class Begun:
    """A job that a runner of this process is at."""

    def __init__(self, runner, job, video=None):
        self.task = Task()
        self._call = call_in_thread("begun", lambda: runner.run(job, video, self.task))

    @property
    def outcome(self):
        """How it stands."""
        if not self._call.done():
            return self.task.state
        error = self._call.exception()
        return outcome_of(error) if error else self._call.result()

    def end(self, seconds=60):
        """Wait until it has ended, and return how."""
        self._call.exception(seconds)
        return self.outcome

    def cancel(self):
        """Stop it, and return how it ended."""
        self.task.stopped.set()
        return self.end()

    @property
    def runs(self):
        return isinstance(self.outcome, Running)
