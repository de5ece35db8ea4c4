"""``infusion doctor``: what works here."""

from __future__ import annotations

import json

import click

_MARKS = {"ok": "green", "missing": "yellow", "broken": "red"}


@click.command("doctor", short_help="Show what works on this machine.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def command(as_json: bool) -> int:
    """Show what works on this machine: PyTorch and its devices, ONNX Runtime, OpenImageIO, the native
    bridge, write access, memory and disk.

    Exit status 1 if something is broken without which nothing works.
    """
    from infusion_core.doctor import examine

    findings = examine()
    if as_json:
        click.echo(json.dumps([finding.to_dict() for finding in findings], indent=2))
    else:
        for finding in findings:
            state = click.style(finding.state, fg=_MARKS[finding.state])
            details = f" {finding.details}" if finding.details else ""
            click.echo(f"{finding.name}: {state}{details}")
    return 1 if any(finding.essential and finding.state == "broken" for finding in findings) else 0
