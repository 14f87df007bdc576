"""Erasing whatever is kept of an id, as an act of its own with its line (S20).

People and students are erased by `People.erase` and `school.classes.erase`, which shut the account and forget numbers and seats too;
this is for what is kept of everybody else, and for what came after: addresses in the audit, say.
"""

from __future__ import annotations

from server.accounts.acts import Acts, Target
from server.accounts.caller import Caller
from server.accounts.contents import Contents

ACT = "content.erase"


async def erase(acts: Acts, contents: Contents, who: Caller, target: Target) -> int:
    """Erase all texts of `target.id`; how many they were. The caller was asked with `need` before.

    The chain of the audit still verifies: its lines hold ids, and salted hashes whose salts are gone.
    """
    return await acts.do(
        who, ACT, target, lambda connection: contents.erase_owner(connection, target.id), details=lambda rows: {"rows": rows}
    )
