"""The embedded run: all parts of OIMS as processes on one machine, and a scenario that shows the loop close.

Started by ``make demo`` (``python -m demo``). Nothing here replaces a part: the rules, the webhook, the app,
the automation and the playbooks are the ones that are shipped; only addresses and durations differ.
"""
