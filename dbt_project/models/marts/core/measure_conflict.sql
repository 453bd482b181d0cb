with

ranked as (
    select * from {{ ref('int_measure_ranked') }}
),

chosen as (
    select * from ranked
    where choice = 1
)

select
    chosen.measure_id,
    chosen.area_code,
    chosen.period,
    chosen.sex,
    chosen.age_group,
    chosen.origin,
    chosen.category_scheme,
    chosen.category,
    chosen.population_base,
    chosen.value as value_used,
    chosen.obs_status as obs_status_used,
    chosen.rounding_base as rounding_base_used,
    chosen.source_id as source_id_used,
    chosen._delivery_id as _delivery_id_used,
    ranked.value as value_other,
    ranked.obs_status as obs_status_other,
    ranked.rounding_base as rounding_base_other,
    ranked.source_id as source_id_other,
    ranked._delivery_id as _delivery_id_other
from ranked
inner join chosen
    on
        ranked.measure_id = chosen.measure_id
        and ranked.area_code = chosen.area_code
        and ranked.period = chosen.period
        and ranked.sex = chosen.sex
        and ranked.age_group = chosen.age_group
        and ranked.origin = chosen.origin
        and ranked.category_scheme = chosen.category_scheme
        and ranked.category = chosen.category
        and ranked.population_base = chosen.population_base
where
    ranked.choice > 1
    and (ranked.value is distinct from chosen.value or ranked.obs_status is distinct from chosen.obs_status)
order by all
