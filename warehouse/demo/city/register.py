"""The lists of the statistics office and the Ausländerbehörde about the synthetic city, as tables of our fields and codes."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from warehouse.demo.city import draws
from warehouse.demo.city import persons as codes
from warehouse.demo.city.persons import NO_DAY, NONE, Array, Cases, Ghosts, Movements, Year
from warehouse.demo.city.targets import CITY, territory

HEX_3 = np.frombuffer("".join(f"{number:03X}" for number in range(4096)).encode(), np.uint8).reshape(4096, 3)
KINDS = {"births": "birth", "deaths": "death", "arrivals": "arrival", "departures": "departure", "relocations": "relocation"}


def stock(year: Year, seed: int) -> pa.Table:
    """``register_stock``: one row per person, in the order of households."""
    people = year.persons
    return pa.table(
        {
            "reference_date": _constant(_last_day(year.year), len(people)),
            "pseudonym": pseudonym(people.person, seed, "register"),
            "quartier": _areas(people.quartier),
            "birth_month": _months(people.birth_month),
            "sex": _coded(people.sex, codes.SEX),
            "family_status": _coded(people.family_status, codes.FAMILY_STATUS),
            "citizenship_1": _keys(people.citizenship_1),
            "citizenship_2": _keys(people.citizenship_2),
            "citizenship_3": _keys(people.citizenship_3),
            "german_citizenship_kind": _coded(people.german_kind, codes.GERMAN_KIND),
            "birth_state": _keys(people.birth_state),
            "origin_state": _keys(people.origin_state),
            "arrival_date": _days(people.arrival_day),
            "residence": _coded(people.residence, codes.RESIDENCE),
            "household": pseudonym(people.household, seed, "household", digits=10),
            "household_role": _coded(people.role, codes.ROLE),
        }
    )


def events(year: Year) -> pa.Table:
    """``register_movements``: births, deaths, arrivals, departures, moves within the city, in this order."""
    return pa.concat_tables(
        [_events(year, getattr(year.events, name), kind) for name, kind in KINDS.items()]
    ).unify_dictionaries()


def _events(year: Year, happened: Movements, kind: str) -> pa.Table:
    count = len(happened)
    order = np.argsort(happened.day, kind="stable")
    happened = happened.take(order)
    return pa.table(
        {
            "year": pa.array(np.full(count, year.year, np.int32)),
            "kind": _constant(kind, count),
            "event_date": _days(happened.day),
            "quartier": _areas(happened.quartier),
            "quartier_from": _areas(happened.quartier_from, known=kind == "relocation"),
            "counterpart": _coded(happened.counterpart, codes.COUNTERPART),
            "state": _keys(happened.state),
            "sex": _coded(happened.sex, codes.SEX),
            "birth_month": _months(happened.birth_month),
            "citizenship_1": _keys(happened.citizenship_1),
            "mother_citizenship": _keys(happened.mother_citizenship),
            "father_citizenship": _keys(happened.father_citizenship),
        }
    )


def size(year: Year) -> pa.Table:
    """``quartier_size``: the area of every Quartier."""
    known = territory()
    return pa.table(
        {
            "year": pa.array(np.full(len(known.codes), year.year, np.int32)),
            "quartier": pa.array(known.codes, pa.string()),
            "area_km2": pa.array(known.area_km2),
        }
    )


def central_register(year: Year, seed: int) -> pa.Table:
    """``abh_azr``: the foreign nationals with their main residence here, and those who left without telling anybody."""
    people = year.persons
    foreign = people.take((people.citizenship_1 != codes.GERMAN) & people.is_main)
    everybody = Ghosts.concatenate([Ghosts(*(getattr(foreign, name) for name in Ghosts.names())), year.unreported])
    everybody = everybody.take(np.argsort(everybody.person, kind="stable"))
    count = len(everybody)
    # What happened before anybody kept dates is unknown.
    lost = everybody.person.astype(np.int64) * 2654435761 % 1000 < 12
    return pa.table(
        {
            "reference_date": _constant(_last_day(year.year), count),
            "pseudonym": pseudonym(everybody.person, seed, "central register"),
            "birth_month": _months(everybody.birth_month),
            "sex": _coded(everybody.sex, codes.SEX),
            "citizenship_1": _keys(everybody.citizenship_1),
            "citizenship_2": _keys(everybody.citizenship_2),
            "land": _constant(CITY[:2], count),
            "kreis": _constant(CITY, count),
            "residence_title": _coded(everybody.title, codes.RESIDENCE_TITLE),
            "protection_status": _coded(everybody.protection, codes.PROTECTION_STATUS),
            "first_entry": _days(np.where(lost, NO_DAY, everybody.first_entry)),
        }
    )


def naturalisations(year: Year) -> pa.Table:
    """``abh_naturalisations``: every case that was open at some time in the year."""
    cases: Cases = year.events.naturalisations
    numbers = np.char.add("E", np.char.zfill(cases.case.astype(str), 7))
    return pa.table(
        {
            "year": pa.array(np.full(len(cases), year.year, np.int32)),
            "case_id": pa.array(numbers.tolist(), pa.string()),
            "application_date": _days(cases.application_day),
            "decision_date": _days(cases.decision_day),
            "decision": _coded(cases.decision, codes.DECISION),
            "legal_basis": _coded(cases.legal_basis, codes.LEGAL_BASIS),
            "citizenship": _keys(cases.citizenship),
            "sex": _coded(cases.sex, codes.SEX),
            "birth_month": _months(cases.birth_month),
        }
    )


def pseudonym(numbers: Array, seed: int, purpose: str, digits: int = 12) -> pa.Array:
    """Hexadecimal digits that belong to one number only and cannot be turned back without the key.

    A Feistel network of four rounds (Luby and Rackoff 1988) over ``digits`` * 4 bits: a permutation, so no two numbers meet.
    """
    half = np.uint64(digits * 2)
    mask = np.uint64((1 << (digits * 2)) - 1)
    right = numbers.astype(np.uint64)
    left, right = right >> half, right & mask
    for turn in range(4):
        key = np.uint64(zlib.crc32(f"{purpose} {seed} {turn}".encode()))
        mixed = (right + key) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        left, right = right, left ^ ((mixed >> np.uint64(32)) & mask)
    value = (left << half) | right
    letters = np.empty((len(numbers), digits + 2), np.uint8)
    parts = -(-digits // 3)
    padded = parts * 3 - digits
    for part in range(parts):
        shift = np.uint64(12 * (parts - 1 - part))
        piece = HEX_3[((value >> shift) & np.uint64(0xFFF)).astype(np.intp)]
        start = part * 3 - padded
        letters[:, max(start, 0) : start + 3] = piece[:, max(-start, 0) :]
    letters = np.ascontiguousarray(letters[:, :digits])
    ends = np.arange(len(numbers) + 1, dtype=np.int64) * digits
    made = pa.LargeStringArray.from_buffers(len(numbers), pa.py_buffer(ends), pa.py_buffer(letters))
    return made.cast(pa.string()) if len(numbers) * digits < 2**31 else made


def _last_day(year: int) -> pa.Scalar:
    return pa.scalar(draws.year_start(year + 1) - 1, pa.int32()).cast(pa.date32())


def _constant(value: object, count: int) -> pa.Array:
    scalar = value if isinstance(value, pa.Scalar) else pa.scalar(value)
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int8)), pa.array([scalar.as_py()], scalar.type))


def _coded(numbers: Array, names: Sequence[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(numbers, mask=numbers < 0), pa.array(names, pa.string()))


def _areas(numbers: Array, *, known: bool = True) -> pa.Array:
    """Area codes; NONE is what cannot be located, or where the field does not apply (not ``known``) null."""
    listed = territory().codes
    located = np.where(numbers == NONE, len(listed) if known else NONE, numbers)
    return _coded(located.astype(np.int8), (*listed, f"{CITY}-zz"))


def _keys(numbers: Array) -> pa.Array:
    """Official keys with their leading zeros; null for NONE."""
    return pa.DictionaryArray.from_arrays(
        pa.array(numbers.astype(np.int16), mask=numbers < 0), pa.array([f"{key:03d}" for key in range(1000)], pa.string())
    )


def _months(numbers: Array) -> pa.Array:
    every = draws.first_day(np.arange(200 * 12))
    return pa.DictionaryArray.from_arrays(pa.array(numbers.astype(np.int16)), pa.array(every).cast(pa.date32()))


def _days(numbers: Array) -> pa.Array:
    return pa.array(numbers.astype(np.int32), mask=numbers == NO_DAY).cast(pa.date32())


def table(source: str, year: Year, seed: int) -> pa.Table:
    """The rows of one of the lists of this module."""
    if source == "register_stock":
        return stock(year, seed)
    if source == "abh_azr":
        return central_register(year, seed)
    return {"register_movements": events, "quartier_size": size, "abh_naturalisations": naturalisations}[source](year)
