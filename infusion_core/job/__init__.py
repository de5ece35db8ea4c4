"""Jobs: one folder that holds all of a run, and the steps that work in it and can be resumed.

spec     what is asked for, ``job.json``
folder   where everything lies
lock     never two runs in one folder
steps    prepare, train, export, assemble; ``inpaint`` is these in turn
render   another take from the bundle, without torch
"""
