"""The lengths that all parts keep to, in characters unless the name says bytes. One table.

What one part takes, the next can keep: the webhook takes no label that the app could not store, and
automation sends no report that the app would refuse.
"""

# What an alert carries.
LABELS = 100
LABEL_NAME = 256
LABEL_VALUE = 4096

# Conditions on labels.
MATCHERS = 20
MATCHERS_TEXT = 10_000
PATTERN = 1000
