"""Deciding: pure functions from policy, episode and situation to one decision with its reason in words."""
