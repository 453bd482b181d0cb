{{ config(alias='disclosure_rule') }}

with

rules as (
    select * from {{ source('catalogue', 'disclosure_rule') }}
)

select
    product,
    version,
    supplier,
    source_id,
    measure_id,
    area_level,
    breakdowns,
    protection,
    minimum,
    is_published,
    origin_detail,
    crossed_categories,
    follows_measure,
    minimum_denominator,
    zeros_shown,
    rounding_base,
    reason_de,
    reason_en,
    owner
from rules
order by source_id, measure_id, area_level, breakdowns
