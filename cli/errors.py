"""What can go wrong, as a sentence and an exit status."""

REFUSED = 1
USAGE = 2
UNREACHABLE = 3
NOT_ALLOWED = 4
INTERRUPTED = 130


class CommandError(Exception):
    """The command can't be done; the text is a sentence for the person who typed it."""

    def __init__(self, sentence: str, status: int = REFUSED) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status
