"""Read answers of the GENESIS web service (JSON) that hold a table, and explain those that do not.

The service answers HTTP 200 whatever happened; only ``Status.Code`` tells. The table inside is one string, in one of the
layouts of the other readers.
"""

from __future__ import annotations

import json
import re
from typing import Any

from warehouse.errors import LayoutError

JOB_NAME = re.compile(r"[0-9]{5}[0-9A-Za-z-]*_[0-9]+")
METADATA = {
    "metadata": "the description of an object (metadata)",
    "catalogue": "a list out of the catalogue (metadata)",
    "find": "the result of a search (metadata)",
    "helloworld": "a test of the connection",
    "profile": "settings of an account",
}
MEANINGS = {
    -1: (
        "there is no such combination of table and selection",
        "Check the table's code, the years and the region in the request.",
    ),
    22: (
        "a parameter of the request was invalid and the service ignored or changed it",
        "Mend the request: the table may hold another selection than the one asked for.",
    ),
    90: ("the selection leaves nothing over", "Check the years and the region in the request."),
    98: (
        "the table is too large for the dialogue",
        "Request it as a job (job=true), then fetch the result; or ask for fewer years or areas.",
    ),
    104: (
        "there is nothing under this name yet",
        "If a job was started, ask again in some minutes; otherwise check the name.",
    ),
}


def table_of_answer(text: str, file_name: str) -> str:
    """The table inside an answer of the web service, as one string.

    Raises:
        LayoutError: the answer holds no table; says what its status means and what to do.
    """
    answer = _parse(text, file_name)
    ident, status = answer.get("Ident"), answer.get("Status")
    if not isinstance(ident, dict) or not isinstance(status, dict) or not _is_code(status.get("Code")):
        raise LayoutError(
            f"{file_name}: JSON that is no answer of GENESIS (keys: {sorted(answer)[:8]}). Expected: Ident, Status with a Code, "
            "and Object with the table. Deliver the answer of data/result or data/tablefile."
        )
    service = f"{ident.get('Service')}/{ident.get('Method')}"
    code, said = int(status["Code"]), str(status.get("Content") or "")
    if code != 0:
        raise _refused(file_name, service, code, said)
    if (what := METADATA.get(str(ident.get("Service")))) is not None:
        raise LayoutError(
            f"{file_name}: the answer of {service} is {what} and holds no values. Deliver the answer of data/result or "
            "data/tablefile."
        )
    content = _content(answer)
    if content is None:
        raise LayoutError(
            f"{file_name}: the answer of {service} has status 0, but Object.Content holds no table. Expected: the table as "
            "one string. Request it again with format=csv or format=ffcsv."
        )
    return content


def _parse(text: str, file_name: str) -> dict[str, Any]:
    try:
        answer = json.loads(text.lstrip("\ufeff"))
    except (json.JSONDecodeError, RecursionError) as error:
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise LayoutError(
            f"{file_name}{line}: JSON that cannot be read ({error}). The answer is cut off or was edited; request it again."
        ) from error
    if not isinstance(answer, dict):
        raise LayoutError(
            f"{file_name}: JSON that is no answer of GENESIS (a {type(answer).__name__}). Expected: an object with Ident, "
            "Status and Object."
        )
    return answer


def _is_code(code: object) -> bool:
    return isinstance(code, int | str) and re.fullmatch(r"-?\d+", str(code)) is not None


def _content(answer: dict[str, Any]) -> str | None:
    found = answer.get("Object")
    content = found.get("Content") if isinstance(found, dict) else found
    return content if isinstance(content, str) and "\n" in content.strip() else None


def _refused(file_name: str, service: str, code: int, said: str) -> LayoutError:
    meaning, advice = MEANINGS.get(code, ("the service did not deliver the table", "Follow its message and ask again."))
    if code == 99:
        name = JOB_NAME.search(said)
        meaning = "a job was started; this is its receipt, not the table"
        advice = f"Fetch the result {name.group() if name else '(see message)'} with data/resultfile in some minutes."
    return LayoutError(f"{file_name}: answer of {service} with status {code}: {meaning} ({said!r}). {advice}")
