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
    interpretation_de,
    interpretation_en,
    kind,
    unit,
    factor,
    decimals,
    desired_direction,
    stands_for_stage,
    supplier,
    source_tables,
    rhythm,
    migration_concept,
    mixed_base,
    mixed_base_reason,
    status,
    lacks,
    owner,
    follows,
    expected_low,
    expected_high,
    expected_change
from indicators
order by indicator_id
