"""The process that does a job for a host: ``python -m infusion_worker JOBDIR``, in the core's Python."""
