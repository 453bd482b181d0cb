"""Which figures of measure_in_force are hidden, rounded or not published. The work is done in ``warehouse.disclosure``."""


def model(dbt, session):
    """One row per figure whose published form differs from its true one."""
    from warehouse.disclosure.protection import protect

    # what is read, so that dbt builds it first
    dbt.ref("measure_in_force")
    dbt.ref("int_contribution")
    dbt.ref("dim_code_part")
    dbt.source("raw", "earlier_release")
    dbt.source("catalogue", "area")
    dbt.source("catalogue", "measure")
    dbt.source("catalogue", "profile")
    dbt.source("catalogue", "disclosure_rule")
    return protect(session)
