"""What is said at the end of a run."""

import click
from outcomes import BAD, differences, verdict


def lack(interpreter):
    """Which suites an interpreter should have come with, and did not, and Debian's package of them; or nothing."""
    package = f"libpython{'.'.join(interpreter.version.split('.')[:2])}-testsuite"
    names = ", ".join(interpreter.missing)
    return names and f"{interpreter.path} ({interpreter.version}) came without {names}: Debian has them in {package}"


def explain(pair, standard, berkeley, whole):
    """Print the differences of a pair; tell whether they make it a failure."""
    for name in sorted(standard.tests.keys() & berkeley.tests.keys()):
        if standard.tests[name]["outcome"] in BAD and berkeley.tests[name]["outcome"] in BAD:
            click.echo(f"{pair}: fails on both sides: {name}")
    for difference in differences(standard, berkeley):
        if not difference.worse:
            click.echo(f"{pair}: {difference}")
    reasons = verdict(standard, berkeley, pair.deselect, pair.expect, whole)
    for reason in reasons:
        click.secho(f"{pair}: {reason}", fg="red")
    return bool(reasons)


def table(results, failures):
    """One line for each pair; the two numbers in a column are the standard module's and berkeley's."""
    row = "{:8} {:34} {:>10} {:>8} {:>9} {:>9}  {}".format
    lines = [row("python", "suite", "tests", "failed", "skipped", "seconds", "(standard, berkeley)")]
    for pair, *sides in results:
        columns = [f"{left} {right}" for left, right in zip(*map(counts, sides), strict=True)]
        lines.append(row(pair.version, pair.suite["name"], *columns, "WORSE" if pair in failures else "as good"))
    return "\n" + "\n".join(lines) + "\n"


def counts(outcomes):
    return len(outcomes.tests), outcomes.count(*BAD), outcomes.count("skipped"), round(outcomes.seconds)
