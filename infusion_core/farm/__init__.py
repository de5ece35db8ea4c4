"""Many shots, many machines: the shot list, batches on one workstation, templates for render farms.

shot_list   shots and their settings, TOML or CSV
checks      everything wrong with a list, before anything starts
batch       many shots at once, each a process of its own
step        one step of a job as one task of a farm
tasks       the tasks of a list and what each waits for; ``openjd`` puts them into a template,
            ``opencue`` into a job for a Cuebot
gpus        what OpenCue has reserved for a task on the machine it runs on
"""
