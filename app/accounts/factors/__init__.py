"""Second factors: authenticator apps, passkeys and recovery codes, and the second step of a log-in."""
