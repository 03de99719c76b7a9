"""Why banking refuses.

BursarError
    InvalidInput
        FormatError           422  unreadable_file: the file as a whole cannot be read (formats)
        FileRefused           422  rows of the file cannot be taken over; nothing was
        AccountNotNamed       422  the file does not say which account it belongs to
    NotFound
        ImportNotFound        404
        MappingNotFound       404
        TransactionNotFound   404
    Conflict
        ImportUndone          409  an import is undone once
        MappingTaken          409  another mapping has this name
"""

from bursar.core.errors import Conflict, InvalidInput, NotFound


class FileRefused(InvalidInput):
    """Rows of the file cannot be taken over, so none were."""

    code = "file_refused"
    default_hint = "Mend the rows listed in details.problems, or ask for partial to take the rest."


class AccountNotNamed(InvalidInput):
    """The file does not say which account it belongs to."""

    code = "account_not_named"


class ImportNotFound(NotFound):
    """No such import in this workspace."""

    code = "import_not_found"
    default_hint = "List the imports to find its id."


class MappingNotFound(NotFound):
    """No column mapping of this name in this workspace."""

    code = "mapping_not_found"
    default_hint = "List the mappings, or guess and save one first."


class ImportUndone(Conflict):
    """The import was undone before."""

    code = "import_undone"
