-- A value stands on exactly the parts its terms expect; counted from the inputs, not from the computation.
with

expected as (
    select
        indicator_id,
        sum(expected_parts) as parts
    from {{ source('catalogue', 'indicator_term') }}
    group by indicator_id
),

found as (
    select
        indicator_id,
        area_code,
        period,
        sex,
        age_group,
        origin,
        category_scheme,
        category,
        population_base,
        count(*) as parts
    from {{ ref('indicator_input') }}
    group by all
)

select indicator_values.*
from {{ ref('indicator_value') }} as indicator_values
inner join expected on indicator_values.indicator_id = expected.indicator_id
left join found
    on
        indicator_values.indicator_id = found.indicator_id
        and indicator_values.area_code = found.area_code
        and indicator_values.period = found.period
        and indicator_values.sex = found.sex
        and indicator_values.age_group = found.age_group
        and indicator_values.origin = found.origin
        and indicator_values.category_scheme = found.category_scheme
        and indicator_values.category = found.category
        and indicator_values.population_base = found.population_base
where
    indicator_values.value is not null
    and found.parts is distinct from expected.parts
