"""Background jobs: workers, the runners they call, and the schedule they keep."""
