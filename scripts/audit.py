"""Look for known faults in the exact versions of constraints.txt, by pip-audit: python scripts/audit.py.

An accepted finding stands in .ci/accepted_findings.txt, its number and why on a line. Where the data cannot be
reached, which pip-audit tells as if it had found nothing, this is said, and nothing fails.
"""

import json
import subprocess
import sys
from pathlib import Path


ROOT = Path(__file__).resolve().parents[1]
COMMAND = ["-m", "pip_audit", "--requirement", "constraints.txt", "--no-deps", "--disable-pip", "--format", "json"]
UNREACHABLE = "The data of known faults cannot be reached from here; nothing was audited."


def main() -> None:
    report = subprocess.run([sys.executable, *COMMAND], cwd=ROOT, capture_output=True, text=True)
    accepted = accepted_findings((ROOT / ".ci" / "accepted_findings.txt").read_text(encoding="utf-8"))
    told, fails = judged(report.stdout, accepted)
    why = [] if report.stdout.strip() else report.stderr.strip().splitlines()[-1:]
    sys.stdout.write("\n".join([told, *why]) + "\n")
    sys.exit(fails)


def accepted_findings(text: str) -> dict[str, str]:
    """Numbers of findings, each with why it is accepted."""
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if without := [line[0] for line in lines if len(line) < 2]:
        raise ValueError(f"{without[0]} is accepted without a reason; write why behind it.")
    return dict(lines)


def judged(report: str, accepted: dict[str, str]) -> tuple[str, bool]:
    """What pip-audit found, in words, and whether anything of it is not accepted.

    Args:
        report: its JSON; empty where it broke off.
        accepted: see `accepted_findings`.
    """
    packages = json.loads(report)["dependencies"] if report.strip() else []
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
        told = f"accepted: {reason}" if reason else f"mended in {fixed}"
        lines.append(f"{package['name']} {package['version']}: {its['id']}, {told}")
    return "\n".join(lines), open_ones


if __name__ == "__main__":
    main()
