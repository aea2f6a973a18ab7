"""The policy: which alert may start which playbook on which target, and how often. Default: none."""
