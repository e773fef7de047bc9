"""The published schema of the record: what runs write is valid by it, and what is wrong is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from harness.model import Outcome
from harness.report.record import RECORD_VERSION
from harness.report.run import read_record
from tests.conftest import Harness
from tests.unit import sample_runs

SCHEMAS = Path(__file__).parents[2] / "harness" / "report" / "schemas"


def validator() -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"record-{RECORD_VERSION}.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_the_schema_has_the_version_and_the_outcomes_of_the_program() -> None:
    schema = validator().schema
    assert isinstance(schema, dict)
    assert schema["properties"]["version"]["const"] == RECORD_VERSION
    assert schema["$defs"]["verdict"]["properties"]["outcome"]["enum"] == [outcome.value for outcome in Outcome]


@pytest.mark.parametrize("path", [sample_runs.RECORD_1, sample_runs.RECORD_2], ids=lambda path: path.stem)
def test_real_records_are_valid_when_read(path: Path) -> None:
    validator().validate(read_record(path))


def test_a_record_of_this_version_is_read_as_it_is() -> None:
    assert read_record(sample_runs.RECORD_2) == json.loads(sample_runs.RECORD_2.read_text())


def test_a_run_writes_a_valid_record(harness: Harness, tmp_path: Path) -> None:
    arguments = ("rms_norm_f32/scalar", "--cc", "gcc", "--opt", "O2", "--build", "plain", "--suite", "special,residues")
    done = harness("run", *arguments, "--json", "r.json")
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "r.json").read_text())
    validator().validate(record)
    assert {verdict["sizes"]["len"] for verdict in record["verdicts"]} >= {0, 1, 5}
    assert record["notes"] == []


@pytest.mark.parametrize("text", sample_runs.NASTY, ids=lambda text: ascii(text)[:20])
def test_whatever_is_said_the_record_is_valid(text: str) -> None:
    summary = dict.fromkeys((outcome.value for outcome in Outcome), 0)
    jobs = json.loads(sample_runs.RECORD_2.read_text())["jobs"]
    whole = {
        **sample_runs.record(sample_runs.run([*sample_runs.nasty(text), sample_runs.absent()], jobs=jobs)),
        "summary": summary,
    }
    for verdict in whole["verdicts"]:
        verdict["source_line"] = "x.c:1"
    validator().validate(whole)


@pytest.mark.parametrize(
    ("key", "value"),
    [("outcome", "MOSTLY"), ("max_ulp", "large"), ("sizes", {"len": -1}), ("worst", {}), ("job", None), ("more", 1)],
)
def test_what_is_wrong_is_found(key: str, value: Any) -> None:
    record = json.loads(sample_runs.RECORD_2.read_text())
    record["verdicts"][0][key] = value
    with pytest.raises(ValidationError):
        validator().validate(record)
