"""The layer that every host adapter shares: settings, job folders and the worker process.

Standard library only, Python 3.9 syntax: hosts bring an interpreter and little else.
Nothing here imports a host or ``infusion_core``; the core runs in its own process.
"""

__version__ = "0.1.0"
