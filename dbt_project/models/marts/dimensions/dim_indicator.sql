{{ config(alias='indicator') }}

with

indicators as (
    select * from {{ source('catalogue', 'indicator') }}
)

select
    indicator_id,
    candidate,
    handlungsfeld,
    theme,
    life_stage,
    name_de,
    name_en,
    definition_de,
    definition_en,
    relevance_de,
    relevance_en,
    limits_de,
    limits_en,
    kind,
    unit,
    factor,
    decimals,
    desired_direction,
    supplier,
    source_tables,
    migration_concept,
    mixed_base,
    mixed_base_reason,
    status,
    lacks,
    owner
from indicators
order by indicator_id
