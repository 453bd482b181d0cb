-- Benefit units by type.
with

listed as (
    select * from {{ ref('stg_jobcenter_benefit_units') }}
)

select
    'sgb2_benefit_units' as measure_id,
    quartier as area_code,
    period,
    'total' as sex,
    'total' as age_group,
    'total' as origin,
    case when household_type is null then 'none' else 'household_type' end as category_scheme,
    coalesce(household_type, 'total') as category,
    -- a sum with a hidden part is hidden
    cast(case when count(*) = count(benefit_units) then sum(benefit_units) end as double) as value,
    min(benefit_units_status) as status_reason,
    cast(null as varchar) as migration_concept
from listed
group by grouping sets ((quartier, period), (quartier, period, household_type))
