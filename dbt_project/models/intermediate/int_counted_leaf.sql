-- What the lists count, in the areas they name, with the counts kept of lists that are deleted.
-- written by `python -m warehouse.catalogue.staging` from warehouse/catalogue/sources
with

kept as (
    select * from {{ source('raw', 'kept_count') }}
)

select
    source_id,
    measure_id,
    area_code,
    period,
    sex,
    age_group,
    origin,
    category_scheme,
    category,
    value,
    status_reason,
    migration_concept
from kept
