"""People who sign in, and the tokens programs use."""
