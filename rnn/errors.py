"""The one exception of this room."""


class RnnError(ValueError):
    """What a sequence model cannot do, in three parts: what is wrong, where, and what would help."""

    def __init__(self, what: str, where: str, remedy: str) -> None:
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}; {self.where}; {self.remedy}"
