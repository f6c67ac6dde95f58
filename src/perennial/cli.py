"""The command line: one command for each thing a person or a scheduler asks.

Exit codes: 0 done; 64 usage; 65 data refused; 66 input missing; 69 a service is
unavailable; 70 a bug; 73 and 74 cannot write; 75 locked, try later.
"""

from __future__ import annotations

import signal
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from perennial import workspace as places
from perennial.workspace import Engine, Workspace
from warehouse.errors import Refusal, Usage

app = typer.Typer(
    help="Perennial: who stays, who leaves, why, what to do, and how wrong we were.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Place = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        help="The company's folder with perennial.toml, data/, mlruns/ and reports/. "
        "[default: the repository]",
        show_default=False,
    ),
]
Month = Annotated[str, typer.Argument(help="The month, as YYYY-MM.")]
Where = Annotated[
    Engine, typer.Option("--engine", help="Where features are computed: duckdb or spark.")
]
Master = Annotated[
    str | None,
    typer.Option(help="The Spark cluster, such as spark://host:7077 or sc://host:15002."),
]
MonthOption = Annotated[str, typer.Option("--month", help="The month, as YYYY-MM.")]


MISUSED = 2  # what the parser leaves with when a command, option or argument is wrong


TERMINATED = 128 + signal.SIGTERM  # what a shell reports of a program that was stopped


def main() -> None:
    """Run the command line and leave with the exit code of what happened."""
    # A scheduler stops a command with SIGTERM; what is half made is then taken away too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    try:
        app()
    except SystemExit as leaving:
        sys.exit(64 if leaving.code == MISUSED else leaving.code)
    except Refusal as refusal:
        print(f"perennial: {refusal.message}", file=sys.stderr)
        sys.exit(refusal.code)
    except Exception as error:
        traceback.print_exc()
        print(
            f"perennial: this is a fault of the program, not of your data: {error}. "
            "Please report it with the lines above.",
            file=sys.stderr,
        )
        sys.exit(70)


def checked(month: str) -> str:
    """``month`` if it is written YYYY-MM; ``Usage`` otherwise."""
    from warehouse.months import check

    try:
        return check(month)
    except ValueError as error:
        raise Usage(str(error)) from error


def at(place: Path | None) -> Workspace:
    """The workspace a command was given."""
    return places.at(place)


@app.command()
def init(
    place: Place = None,
    source: Annotated[
        str, typer.Option(help="Where the tables are: a folder, a DuckDB file, a PostgreSQL URL.")
    ] = "data/raw",
    schema: Annotated[
        str, typer.Option(help="The schema of the tables, in a PostgreSQL database.")
    ] = "public",
    name: Annotated[str, typer.Option(help="The company's name.")] = "",
    currency: Annotated[str, typer.Option(help="The currency of ARR, as three letters.")] = "USD",
) -> None:
    """Draft perennial.toml from the tables found in SOURCE."""
    from perennial.settings import FILE
    from warehouse.draft import found_files, toml
    from warehouse.postgres_url import is_url

    workspace = at(place)
    file = workspace.root / FILE
    if file.exists():
        raise Usage(f"{file} exists and is not overwritten; move it away to draft a new one")
    if is_url(source):
        from warehouse.postgres import found_tables

        files = found_tables(source, schema)
    else:
        files = found_files((workspace.root / source).resolve())
    workspace.root.mkdir(parents=True, exist_ok=True)
    text = toml(name or workspace.root.name, currency, source, files)
    file.write_text(text, encoding="utf-8")
    print(f"Found {', '.join(files)}.\nDrafted {file}. Read it, mend it, then: perennial check")


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(help="An empty or new folder to write into.")],
    accounts: Annotated[
        int | None, typer.Option(help="Accounts the company ever had; the world says how many.")
    ] = None,
    months: Annotated[int | None, typer.Option(help="Months of history.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed is the same company.")] = 7,
    world: Annotated[str, typer.Option(help="Which company: a name, or random:K.")] = "default",
    workers: Annotated[
        int | None, typer.Option(help="Processes to share the work; as many as are of use.")
    ] = None,
    oracles: Annotated[
        bool,
        typer.Option(
            "--oracles", help="Add ceilings and potential outcomes to the truth: minutes more."
        ),
    ] = False,
    dirty: Annotated[
        bool, typer.Option("--dirty", help="The tables as real exports are; the same truth.")
    ] = False,
) -> None:
    """Write a simulated company's tables, and the truth about it, into FOLDER."""
    from perennial.demo import company, rates

    company(
        folder, accounts, months, seed, world=world, workers=workers, oracles=oracles, dirty=dirty
    )
    print(f"Wrote the company to {folder}, and what nobody there could see to {folder}/truth.")
    print(f"It bills in several currencies; perennial.toml needs\n\n[rates]\n{rates(world)}")


@app.command()
def check(place: Place = None) -> None:
    """Admit the tables; print what became of every row, each fault, and each sign of dirt."""
    from perennial.printing import dirt, row_ledger
    from warehouse.freeze import freeze

    workspace = at(place)
    snapshot = freeze(workspace.settings, workspace.root)
    print(row_ledger(snapshot))
    print(f"\n{dirt(snapshot)}")


@app.command()
def month(
    month: Month,
    restate: Annotated[
        str | None, typer.Option(help="Why a published month is published anew.")
    ] = None,
    engine: Where = Engine.DUCKDB,
    master: Master = None,
    place: Place = None,
) -> None:
    """Live a month: features, scores, reports, one publication."""
    from perennial.engines import prepare
    from perennial.month import live

    prepare(at(place), checked(month), month, engine, master)
    done = live(at(place), month, restate)
    print(
        f"{month} is published: {done.path}/health.html"
        if done.changed
        else f"{month} was published from the same inputs before; nothing to do: {done.path}"
    )
    for line in (*done.moved, *done.unseen):
        print(f"  {line}")


@app.command()
def replay(
    first: Annotated[str, typer.Argument(metavar="FROM", help="The first month, as YYYY-MM.")],
    last: Annotated[str, typer.Argument(metavar="TO", help="The last month, as YYYY-MM.")],
    reports: Annotated[bool, typer.Option(help="Publish each month too.")] = False,
    engine: Where = Engine.DUCKDB,
    master: Master = None,
    place: Place = None,
) -> None:
    """Live the months FROM to TO in order, each with only what was known then."""
    from perennial.demo import live_each
    from perennial.engines import prepare

    prepare(at(place), checked(first), checked(last), engine, master)
    live_each(at(place), checked(first), checked(last), reports)


@app.command()
def train(
    question: Annotated[str, typer.Argument(help="churn, expansion or renewal.")],
    month: Annotated[
        str | None, typer.Option("--month", help="Train at this month's close. [default: newest]")
    ] = None,
    engine: Where = Engine.DUCKDB,
    master: Master = None,
    place: Place = None,
) -> None:
    """Run the training notebook; log it and register the model in MLflow."""
    from perennial.engines import prepare
    from perennial.notebooks import newest, teach

    month = checked(month) if month else newest(at(place))
    prepare(at(place), month, month, engine, master)
    print(teach(at(place), question, month))


@app.command()
def report(
    name: Annotated[str, typer.Argument(help="A notebook of notebooks/reports, without .ipynb.")],
    month: MonthOption,
    parameters: Annotated[
        list[str] | None, typer.Option("-p", help="A notebook parameter, as key=value.")
    ] = None,
    place: Place = None,
) -> None:
    """Run one report notebook on a month that was lived, and write its page."""
    from perennial.notebooks import write_page

    print(write_page(at(place), name, checked(month), parameters or []))


@app.command()
def explain(
    account: Annotated[str, typer.Argument(help="The account's id.")],
    month: MonthOption,
    place: Place = None,
) -> None:
    """Say an account's score, band, reasons, and what changed since the month before."""
    from perennial.printing import account_told

    print(account_told(at(place), account, checked(month)))


@app.command()
def metric(
    name: Annotated[str, typer.Argument(help="A registered number, for example nrr.")],
    month: MonthOption,
    policy: Annotated[
        str | None,
        typer.Option("--policy", help="Whose rule to count by. [default: the company's own]"),
    ] = None,
    place: Place = None,
) -> None:
    """Print one number with its definition, rule, n, target, and why other rules differ."""
    from perennial.counting import metric_told

    print(metric_told(at(place), name, checked(month), policy))


@app.command()
def verify(
    month: Annotated[
        str | None, typer.Argument(help="The month, as YYYY-MM. [default: the latest]")
    ] = None,
    place: Place = None,
) -> None:
    """Check a publication against its manifest, byte by byte."""
    from perennial.printing import verified

    print(verified(at(place), checked(month) if month else None))


@app.command()
def demo(
    accounts: Annotated[int, typer.Option(help="Accounts of the simulated company.")] = 2000,
    months: Annotated[int, typer.Option(help="Months of history.")] = 36,
    place: Place = None,
) -> None:
    """Simulate a company, live its months, train both models, publish both reports."""
    from perennial.demo import run

    run(at(place), accounts, months)
