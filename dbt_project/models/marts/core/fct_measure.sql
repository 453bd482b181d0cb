with

measures as (
    select * from {{ ref('measure_in_force') }}
),

protection as (
    select * from {{ ref('measure_protection') }}
)

select
    measures.measure_id,
    measures.area_code,
    measures.period,
    measures.period_kind,
    measures.period_start,
    measures.period_end,
    measures.reporting_year,
    measures.sex,
    measures.age_group,
    measures.origin,
    measures.category_scheme,
    measures.category,
    measures.population_base,
    case when protection.action is null then measures.value else protection.value end as value,
    measures.unit,
    case when protection.action = 'hidden' then 'Q' else measures.obs_status end as obs_status,
    coalesce(protection.conf_status, measures.conf_status) as conf_status,
    case when protection.action = 'hidden' then 'confidential' else measures.status_reason end as status_reason,
    measures.migration_concept,
    coalesce(protection.rounding_base, measures.rounding_base) as rounding_base,
    measures.is_synthetic,
    measures.provisional,
    measures.source_id,
    measures._delivery_id,
    measures._sheet,
    measures._row,
    measures._column
from measures
left join protection
    on
        measures.measure_id = protection.measure_id
        and measures.area_code = protection.area_code
        and measures.period = protection.period
        and measures.sex = protection.sex
        and measures.age_group = protection.age_group
        and measures.origin = protection.origin
        and measures.category_scheme = protection.category_scheme
        and measures.category = protection.category
        and measures.population_base = protection.population_base
where protection.action is distinct from 'not_published'
