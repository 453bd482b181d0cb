"""``python -m warehouse.demo FOLDER``: write the deliveries about the synthetic city without the rest of the monitor."""

from __future__ import annotations

from pathlib import Path

import click

from warehouse.demo import Size, write_city
from warehouse.errors import MonitorError


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--persons", type=click.IntRange(1000), help="Persons in the register; 364,000 is the real size.")
@click.option("--scale", type=float, help="The same as a multiple of the real size.")
@click.option("--years", help="FIRST-LAST, such as 2015-2024.")
@click.option("--seed", type=int, default=1, show_default=True)
def main(folder: Path, persons: int | None, scale: float | None, years: str | None, seed: int) -> None:
    """Write the deliveries of the municipal suppliers about a city of invented people into FOLDER."""
    try:
        files = write_city(folder, Size.of(persons=persons, scale=scale, years=years, seed=seed))
    except MonitorError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{len(files)} synthetic deliveries in {folder}")


if __name__ == "__main__":
    main()
