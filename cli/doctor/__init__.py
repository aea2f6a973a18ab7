"""`oims doctor`: reads an installation's databases, or its release on a cluster, and says what is wrong."""
