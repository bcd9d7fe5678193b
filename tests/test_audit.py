"""What scripts/audit.py makes of pip-audit's reports."""

import json
import runpy
from pathlib import Path

import pytest


AUDIT = runpy.run_path(str(Path(__file__).resolve().parents[1] / "scripts" / "audit.py"))
judged, accepted_findings = AUDIT["judged"], AUDIT["accepted_findings"]
FINDING = {"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["2.0"]}
FAULTY = {"name": "jinja2", "version": "1.0", "vulns": [FINDING]}
SOUND = {"name": "numpy", "version": "2.0", "vulns": []}
SKIPPED = {"name": "torch", "skip_reason": "not found"}


def report(*packages: dict) -> str:
    return json.dumps({"dependencies": packages})


@pytest.mark.parametrize(("found", "log"), [("", "ERROR: Failed to connect"), (report(SKIPPED), ""), (report(), "")])
def test_where_no_data_can_be_reached_this_is_said(found: str, log: str) -> None:
    assert judged(found, log, {}) == (AUDIT["UNREACHABLE"], False)


@pytest.mark.parametrize("log", ["", "usage: pip-audit\npip-audit: error: no such option"])
def test_an_audit_that_breaks_off_fails(log: str) -> None:
    told, fails = judged("", log, {})
    assert fails and told in ("pip-audit: error: no such option", "pip-audit gave no report and no reason.")


def test_a_finding_fails_unless_it_is_accepted_with_a_reason() -> None:
    told, fails = judged(report(FAULTY, SOUND, SKIPPED), "", {})
    assert fails and told.splitlines() == [
        "2 of 3 packages audited, 1 findings.",
        "not audited: torch (not found)",
        "jinja2 1.0: PYSEC-1, fixed in 2.0",
    ]
    for name in ("PYSEC-1", "CVE-1"):
        told, fails = judged(report(FAULTY), "", accepted_findings(f"# why\n\n{name} not called here\n"))
        assert not fails and "accepted: not called here" in told
    assert not judged(report(SOUND), "", {})[1]


def test_an_accepted_finding_needs_a_reason() -> None:
    with pytest.raises(ValueError, match="CVE-1 is accepted without a reason"):
        accepted_findings("CVE-1\n")
