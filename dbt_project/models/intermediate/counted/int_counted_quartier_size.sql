-- The size of the Quartiere as delivered.
with

sizes as (
    select * from {{ ref('stg_quartier_size') }}
)

select
    'area_km2' as measure_id,
    quartier as area_code,
    period,
    'total' as sex,
    'total' as age_group,
    'total' as origin,
    'none' as category_scheme,
    'total' as category,
    area_km2 as value,
    cast(null as varchar) as status_reason,
    cast(null as varchar) as migration_concept
from sizes
