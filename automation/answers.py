"""When the cluster does not say what was asked. Apart from its client, which takes a second to import."""


class NoAnswerError(Exception):
    """The cluster did not say what was asked; the text is the reason."""

    def __init__(self, reason: str, *, is_away: bool) -> None:
        """Take the reason in words, and whether no other question would be answered either."""
        super().__init__(reason)
        self.is_away = is_away
