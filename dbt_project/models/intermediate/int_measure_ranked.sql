-- Of several figures for one key the source with the lowest priority number is used, then the later delivery.
-- Holds the measures where that may happen: what one list alone counts it has once.
with

candidates as (
    select * from {{ ref('int_measure_candidate') }}
),

sources as (
    select * from {{ source('catalogue', 'source') }}
),

deliveries as (
    select * from {{ source('raw', 'delivery') }}
),

contested as (
    select measure_id
    from candidates
    group by measure_id
    having count(distinct source_id) > 1 or not bool_and(is_of_list)
)

select
    candidates.* exclude (is_of_list),
    row_number() over (
        partition by
            candidates.measure_id,
            candidates.area_code,
            candidates.period,
            candidates.sex,
            candidates.age_group,
            candidates.origin,
            candidates.category_scheme,
            candidates.category,
            candidates.population_base
        order by
            sources.priority asc,
            candidates.source_id asc,
            deliveries.sequence desc nulls last,
            candidates._delivery_id asc,
            candidates._sheet asc,
            candidates._row asc,
            candidates._column asc
    ) as choice
from candidates
semi join contested on candidates.measure_id = contested.measure_id
inner join sources on candidates.source_id = sources.source_id
left join deliveries on candidates._delivery_id = deliveries.delivery_id
