"""Domain errors: what can go wrong, in words a user can act on.

Raised by `dateline` and `training`; `service/problems.py` maps them to HTTP statuses. Knows no HTTP.
"""


class DatelineError(Exception):
    """Base of every error that Dateline raises on purpose; its message is meant for the user."""


class InvalidText(DatelineError):
    """A text that cannot be analysed at all: not a string, or longer than the limit."""


class EmptyText(InvalidText):
    """A text with nothing in it but white space and invisible characters."""


class UnknownCountry(DatelineError):
    """A home country was given that the model's taxonomy lacks."""


class InvalidSeeds(DatelineError):
    """The seeds folder breaks its format; the message names file, line and field."""


class InvalidModel(DatelineError):
    """A model version that must not be used: altered, incomplete, of another format, or failing its canaries."""


class NoModel(DatelineError):
    """There is no current model version; training makes one."""


class UnknownTheme(DatelineError):
    """A theme was named that the model does not have."""


class UnknownVersion(DatelineError):
    """A model version was named that does not exist."""


class Busy(DatelineError):
    """What was asked for has to wait for another process, or for a version that serves."""


class UnknownLabel(DatelineError):
    """A label was given that the model's taxonomy lacks."""


class UnknownArticle(DatelineError):
    """An article was named that the store does not have."""


class ArticleConflict(DatelineError):
    """An article was added under the id of one that says something else."""


class InvalidQuery(DatelineError):
    """A search, a cursor or a filter that cannot be understood."""


class StoreFull(DatelineError):
    """The article store cannot grow: a full disk, a quota or a file-size limit. Nothing was written."""


class StoreUnavailable(DatelineError):
    """The article store cannot be opened, or did not answer in time."""
