with

computed as (
    select * from {{ ref('int_indicator_computed') }}
),

parts as (
    select * from {{ ref('int_indicator_part') }}
    where source_id is not null
)

select
    computed.indicator_id,
    computed.area_code,
    computed.period,
    computed.sex,
    computed.age_group,
    computed.origin,
    computed.category_scheme,
    computed.category,
    computed.population_base,
    parts.role,
    parts.term_no,
    parts.weight,
    parts.measure_id as part_measure_id,
    parts.period as part_period,
    parts.sex as part_sex,
    parts.age_group as part_age_group,
    parts.origin as part_origin,
    parts.category_scheme as part_category_scheme,
    parts.category as part_category,
    parts.population_base as part_population_base,
    parts.value as part_value,
    parts.unit as part_unit,
    parts.obs_status as part_obs_status,
    parts.conf_status as part_conf_status,
    parts.source_id,
    parts._delivery_id,
    parts._sheet,
    parts._row,
    parts._column
from computed
inner join parts on computed.value_key = parts.value_key
