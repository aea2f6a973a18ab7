"""Running a playbook: variables that cannot execute, a process group with a time-out, results as they happen."""
