"""The lengths that all parts keep to, in characters unless the name says bytes. One table.

What one part takes, the next can keep: the webhook takes no label that the app could not store, and
automation sends no report that the app would refuse.
"""

# What an alert carries.
ALERTS = 2_000
"""Alerts in one message."""
LABELS = 100
"""Labels of one alert, and as many annotations."""
LABEL_NAME = 256
LABEL_VALUE = 4_096
ANNOTATION = 16_384
URL = 2_000
SOURCE_URL = 8_192
"""The address of an alert's source, which carries the rule's expression."""
GROUP_KEY = 16_384
RECEIVER = 1_024
BODY_BYTES = 1024 * 1024
"""One request, whoever sends it."""

LOG_LINE_BYTES = 1024 * 1024
"""A line of the webhook's log; automation counts the characters of what it has decoded."""

# What is configured.
SECRET_BYTES = 64 * 1024
"""The file of a secret."""

# Conditions on labels.
MATCHERS = 20
MATCHERS_TEXT = 10_000
PATTERN = 1_000

# What people write.
TITLE = 200
TEXT = 20_000
"""A description, a comment, a reason, a part of a review."""
SERVICE = 80
COMMENT = 500
"""Why there is maintenance, why automation is paused, what is to be done after an incident."""
TAGS = 32
TAG_VALUE = 200
PERSON = 80
"""The name of a person, or of a token."""
ADDRESS = 254
"""A mail address."""
VIEW_NAME = 60
HEARTBEAT_NAME = 100
HEARTBEATS = 1_000
"""All that an installation keeps."""
METHOD_NAME = 60
"""Of a contact method, or of an outgoing webhook."""
METHODS = 20
"""Contact methods of one person."""
RULES = 20
"""Steps in which one person is told, for each urgency."""
OUTGOING_WEBHOOKS = 50
REFERENCE = 64
"""What the writer of a message knows it by."""
ADDRESS_OF_A_METHOD = 2_000
"""What is needed to send to a contact method."""
ANSWER_BYTES = 64 * 1024
"""What is read of the answer to a message that OIMS sends."""
CRON = 100
"""A cron expression."""
QUERY = 2_000
CHAIN_NAME = 80
CHAINS = 200
"""Chains that an installation keeps, and as many routes."""
CHAIN_STEPS = 20
CHAIN_REPEATS = 9

# Who is on call.
TEAMS = 200
TEAM_NAME = 80
TEAM_MEMBERS = 200
SCHEDULES = 200
SCHEDULE_NAME = 80
LAYERS = 10
"""Of one schedule; those that were changed are kept beside them."""
LAYER_NAME = 40
TURNS = 100
"""Of one layer."""
PEOPLE_AT_ONCE = 10
"""In one turn."""
RESTRICTIONS = 10
"""Of one layer."""
RESTRICTION = 100
TURN_HOURS = 24 * 31
TURN_DAYS = 366
TURN_WEEKS = 53
"""The longest turn."""
OVERRIDES = 500
"""Of one schedule, that are not over."""
OVERRIDE_DAYS = 92
ONCALL_DAYS = 366
"""The time that shifts are asked for at once."""
ONCALL_SHIFTS = 10_000
"""Shifts in one answer."""

# What jobs send.
PING_BODY_BYTES = 10_000
"""What is kept of a ping's body."""
PINGS_PER_MINUTE = 60
WAITING_PINGS_BYTES = 256 * 1024 * 1024
"""Of the file where pings wait on SQLite; while no worker runs, nobody empties it."""
"""Of one heartbeat."""

# What automation reports.
NAME = 200
"""Of an alert, a remedy, a playbook, a host."""
OBJECT_NAME = 253
"""Of an object in Kubernetes."""
ID = 128
FINGERPRINT = 64
VERSION = 64
"""Of a program."""
WORD = 32
"""A reason, a mode, a source: one of a few words."""
SENTENCE = 2_000
OUTPUT_BYTES = 50 * 1024
PREVIEW_BYTES = 20 * 1024
TASKS = 500
"""Results of tasks in one report; the report says how many there were."""
RUNS = 500
"""Runs that one heartbeat names."""
REMEDIES = 500
REPORTS = 100
"""Reports in one request; together they keep to BODY_BYTES."""
