-- Of several figures for one key the source with the lowest priority number is used, then the later delivery.
with

candidates as (
    select * from {{ ref('int_measure_candidate') }}
),

sources as (
    select * from {{ source('catalogue', 'source') }}
),

deliveries as (
    select * from {{ source('raw', 'delivery') }}
)

select
    candidates.*,
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
inner join sources on candidates.source_id = sources.source_id
left join deliveries on candidates._delivery_id = deliveries.delivery_id
