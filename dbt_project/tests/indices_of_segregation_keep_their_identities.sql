-- Isolation and exposure are the two outcomes of one meeting; D is never above G, and both lie between 0 and 1; the quotients of
-- the Quartiere, weighted by their residents, average to 1.
with

indices as (
    select * from {{ ref('int_segregation') }}
),

counted as (
    select * from {{ ref('int_counted') }}
),

areas as (
    select * from {{ source('catalogue', 'area') }}
),

of_groups as (
    select
        source_id,
        period,
        origin,
        category_scheme,
        category,
        max(value) filter (measure_id = 'dissimilarity_index') as dissimilarity,
        max(value) filter (measure_id = 'gini_segregation_index') as gini,
        max(value) filter (measure_id = 'isolation_index') as isolation_of_group,
        max(value) filter (measure_id = 'exposure_index') as exposure_of_group,
        max(value) filter (measure_id = 'concentration_index') as concentration
    from indices
    where measure_id <> 'location_quotient'
    group by source_id, period, origin, category_scheme, category
),

residents as (
    select counted.*
    from counted
    inner join areas on counted.area_code = areas.area_code
    where
        counted.measure_id = 'residents'
        and counted.sex = 'total'
        and counted.age_group = 'total'
        and counted.category_scheme = 'none'
        and areas.level = 'quartier'
),

weighted as (
    select
        indices.source_id,
        indices.period,
        indices.origin,
        indices.category_scheme,
        indices.category,
        sum(residents.value * indices.value) / sum(residents.value) as mean_quotient
    from indices
    inner join residents
        on
            indices.source_id = residents.source_id
            and indices.period = residents.period
            and indices.area_code = residents.area_code
    where indices.measure_id = 'location_quotient' and indices.value is not null
    group by indices.source_id, indices.period, indices.origin, indices.category_scheme, indices.category
)

select
    of_groups.*,
    weighted.mean_quotient
from of_groups
left join weighted
    on
        of_groups.source_id = weighted.source_id
        and of_groups.period = weighted.period
        and of_groups.origin = weighted.origin
        and of_groups.category_scheme = weighted.category_scheme
        and of_groups.category = weighted.category
where
    abs(of_groups.isolation_of_group + of_groups.exposure_of_group - 1) > 1e-9
    or of_groups.dissimilarity > of_groups.gini + 1e-9
    or of_groups.dissimilarity < 0
    or of_groups.concentration < 0
    or of_groups.gini > 1 + 1e-9
    or of_groups.concentration > 1 + 1e-9
    or of_groups.isolation_of_group not between 0 and 1 + 1e-9
    or of_groups.exposure_of_group not between 0 and 1 + 1e-9
    or abs(weighted.mean_quotient - 1) > 1e-9
