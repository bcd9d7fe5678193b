"""Look for known vulnerabilities in the exact versions of constraints.txt, by pip-audit: python scripts/audit.py.

An accepted finding stands in .ci/accepted_findings.txt, its number and why on a line. Where the vulnerability data
cannot be reached, which pip-audit tells as if it had found nothing, this is said, and nothing fails.
"""

import json
import re
import subprocess
import sys
from pathlib import Path


ROOT = Path(__file__).resolve().parents[1]
COMMAND = ["-m", "pip_audit", "--requirement", "constraints.txt", "--no-deps", "--disable-pip", "--format", "json"]
UNREACHABLE = "The list of known vulnerabilities cannot be reached from here; nothing was audited."
NO_CONNECTION = re.compile("connect|resolve|timed out|unreachable", re.IGNORECASE)  # in what pip-audit logs


def main() -> None:
    report = subprocess.run([sys.executable, *COMMAND], cwd=ROOT, capture_output=True, text=True)
    accepted = accepted_findings((ROOT / ".ci" / "accepted_findings.txt").read_text(encoding="utf-8"))
    told, fails = judged(report.stdout, report.stderr, accepted)
    sys.stdout.write(told + "\n")
    sys.exit(fails)


def accepted_findings(text: str) -> dict[str, str]:
    """Numbers of findings, each with why it is accepted."""
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if without := [line[0] for line in lines if len(line) < 2]:
        raise ValueError(f"{without[0]} is accepted without a reason; write why behind it.")
    return dict(lines)


def judged(report: str, log: str, accepted: dict[str, str]) -> tuple[str, bool]:
    """What pip-audit found, in words, and whether it fails: by a finding that is not accepted, or by itself.

    Args:
        report: its JSON; empty where it broke off.
        log: what it wrote to standard error.
        accepted: see `accepted_findings`.
    """
    if not report.strip():
        last = (log.strip().splitlines() or ["pip-audit gave no report and no reason."])[-1]
        return (UNREACHABLE, False) if NO_CONNECTION.search(log) else (last, True)
    packages = json.loads(report)["dependencies"]
    audited = [each for each in packages if "skip_reason" not in each]
    if not audited:
        return UNREACHABLE, False
    found = [(each, its) for each in audited for its in each["vulns"]]
    lines = [f"{len(audited)} of {len(packages)} packages audited, {len(found)} findings."]
    lines += [f"not audited: {each['name']} ({each['skip_reason']})" for each in packages if each not in audited]
    open_ones = False
    for package, its in found:
        reason = next((accepted[name] for name in (its["id"], *its.get("aliases", [])) if name in accepted), None)
        open_ones |= reason is None
        fixed = ", ".join(its["fix_versions"]) or "no version yet"
        told = f"accepted: {reason}" if reason else f"fixed in {fixed}"
        lines.append(f"{package['name']} {package['version']}: {its['id']}, {told}")
    return "\n".join(lines), open_ones


if __name__ == "__main__":
    main()
