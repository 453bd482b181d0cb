"""The job from the inbox to the release in this process, as the command of the second comparison.

MONITOR_HOME names an installation whose inbox holds the deliveries of the sample city.
"""

from __future__ import annotations

import os

from orchestration import instance
from warehouse.home import Home


def main() -> None:
    """Run the job; it ends with a release or with an error."""
    os.environ.update(instance.prepare(Home.from_environment()))
    import dagster as dg

    from orchestration.definitions import AD_HOC, configuration, definitions

    with dg.DagsterInstance.get() as dagster:
        job = definitions().resolve_job_def(AD_HOC)
        job.execute_in_process(instance=dagster, run_config=configuration("benchmark"), raise_on_error=True)


if __name__ == "__main__":
    main()
