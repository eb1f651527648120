"""The one exception of this room."""


class DataError(ValueError):
    """Text, settings or files that cannot be used.

    `what` is wrong, `where` it was found and the `remedy`; `str(error)` is the three joined by "; ".
    """

    def __init__(self, what: str, where: str, remedy: str) -> None:
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}; {self.where}; {self.remedy}"
