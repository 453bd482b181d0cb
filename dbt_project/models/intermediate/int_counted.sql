-- The counts of the lists as figures: summed up over the areas, zero where a list has nobody, and carried over to the
-- areas of today where the territory has changed.
with

leaves as (
    select * from {{ ref('int_counted_leaf') }}
),

ancestors as (
    select * from {{ ref('int_area_ancestor') }}
),

bridge as (
    select * from {{ source('catalogue', 'area_bridge') }}
),

measures as (
    select * from {{ source('catalogue', 'measure') }}
),

periods as (
    select * from {{ source('raw', 'record_period') }}
),

-- medians and rates have no sum
summable as (
    select measure_id
    from measures
    where kind in ('stock', 'flow', 'amount')
),

summed_up as (
    select leaves.* replace (ancestors.ancestor_code as area_code)
    from leaves
    semi join summable on leaves.measure_id = summable.measure_id
    inner join ancestors on leaves.area_code = ancestors.area_code
    union all
    select leaves.*
    from leaves
    anti join summable on leaves.measure_id = summable.measure_id
),

-- a list that names areas inside the city says something about all of them
located as (
    select distinct
        leaves.source_id,
        leaves.measure_id
    from leaves
    inner join ancestors on leaves.area_code = ancestors.area_code
    where ancestors.ancestor_code <> ancestors.area_code
),

counted_periods as (
    select distinct
        leaves.source_id,
        leaves.measure_id,
        leaves.period,
        periods.period_end
    from leaves
    semi join summable on leaves.measure_id = summable.measure_id
    inner join periods on leaves.source_id = periods.source_id and leaves.period = periods.period
),

spoken_of as (
    select
        counted_periods.source_id,
        counted_periods.measure_id,
        counted_periods.period,
        ancestors.area_code
    from counted_periods
    semi join located
        on counted_periods.source_id = located.source_id and counted_periods.measure_id = located.measure_id
    inner join ancestors
        on
            ancestors.area_code = ancestors.ancestor_code
            and coalesce(counted_periods.period_end >= ancestors.valid_from, true)
            and coalesce(counted_periods.period_end <= ancestors.valid_to, true)
    union
    select
        leaves.source_id,
        leaves.measure_id,
        leaves.period,
        leaves.area_code
    from leaves
    semi join summable on leaves.measure_id = summable.measure_id
),

named as (
    select distinct
        source_id,
        measure_id,
        sex,
        age_group,
        origin,
        category_scheme,
        category,
        migration_concept
    from leaves
),

-- where a list has no row for a group that it names elsewhere or in another year, there is nobody
zeros as (
    select
        named.source_id,
        named.measure_id,
        spoken_of.area_code,
        spoken_of.period,
        named.sex,
        named.age_group,
        named.origin,
        named.category_scheme,
        named.category,
        cast(0 as double) as value,
        cast(null as varchar) as status_reason,
        named.migration_concept
    from named
    inner join spoken_of on named.source_id = spoken_of.source_id and named.measure_id = spoken_of.measure_id
),

summed as (
    select
        source_id,
        measure_id,
        area_code,
        period,
        sex,
        age_group,
        origin,
        category_scheme,
        category,
        -- a sum with a hidden part is hidden; decimal, so that it does not depend on the order of rows
        case when count(*) = count(value) then cast(sum(cast(value as decimal(18, 6))) as double) end as value,
        min(status_reason) as status_reason,
        max(migration_concept) as migration_concept,
        false as is_bridged
    from (
        select * from summed_up
        union all
        select * from zeros
    ) as counts
    group by all
),

bridged as (
    select
        summed.source_id,
        summed.measure_id,
        bridge.new_code as area_code,
        summed.period,
        summed.sex,
        summed.age_group,
        summed.origin,
        summed.category_scheme,
        summed.category,
        case
            when count(*) = count(summed.value) then cast(sum(cast(bridge.weight * summed.value as decimal(18, 6))) as double)
        end as value,
        min(summed.status_reason) as status_reason,
        max(summed.migration_concept) as migration_concept,
        true as is_bridged
    from summed
    inner join bridge on summed.area_code = bridge.old_code
    inner join periods on summed.source_id = periods.source_id and summed.period = periods.period
    where periods.period_end < bridge.changed_on
    group by all
),

figures as (
    select * from summed
    union all
    select * from bridged
)

select
    figures.source_id,
    figures.measure_id,
    figures.area_code,
    figures.period,
    periods.period_kind,
    periods.period_start,
    periods.period_end,
    periods.reporting_year,
    figures.sex,
    figures.age_group,
    figures.origin,
    figures.category_scheme,
    figures.category,
    coalesce(measures.population_base, periods.population_base) as population_base,
    figures.value,
    measures.unit,
    case
        when figures.value is null and figures.status_reason = 'suppressed' then 'Q'
        when figures.value is null then 'O'
        when figures.is_bridged then 'E'
        else 'A'
    end as obs_status,
    case when figures.value is null and figures.status_reason = 'suppressed' then 'C' else 'F' end as conf_status,
    case
        when figures.value is null then coalesce(figures.status_reason, 'unknown')
        when figures.is_bridged then 'territory_bridge'
    end as status_reason,
    figures.migration_concept,
    periods.rounding_base,
    periods.is_synthetic,
    false as provisional,
    periods.delivery_id as _delivery_id,
    cast(null as varchar) as _sheet,
    cast(null as integer) as _row,
    cast(null as integer) as _column
from figures
inner join periods on figures.source_id = periods.source_id and figures.period = periods.period
inner join measures on figures.measure_id = measures.measure_id
