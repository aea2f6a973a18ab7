"""The gate: the one pod that the monitor's account may open a port-forward to.

It passes bytes through to the Services of webhook and app, and reads none of them.
"""
