-- How unevenly a group lives in the city: indices over the Quartiere, and the quotient of each small area. For a group, x are
-- its persons in a Quartier, y all others there, t = x + y; X, Y and T their sums, P = X / T, p = x / t; a is the size of the
-- Quartier, A the sum of sizes. What cannot be placed in the city and Quartiere without residents are left out. Sums are decimal,
-- so that bytes do not depend on the order of rows. Groups below var('least_group') have no value: the indices are biased upwards
-- for them.
--
-- dissimilarity D       1/2 sum |x/X - y/Y|
-- isolation xPx         sum (x/X) (x/t)
-- exposure xPy          sum (x/X) (y/t)
-- Gini G                sum over pairs of Quartiere of t t' |p - p'|, over 2 T^2 P (1 - P)
-- concentration         1/2 sum |x/X - a/A| (Hoover)
-- location quotient     p / P
with

counted as (
    select * from {{ ref('int_counted') }}
    where sex = 'total' and age_group = 'total' and measure_id in ('residents', 'foreign_residents', 'area_km2')
),

areas as (
    select * from {{ source('catalogue', 'area') }}
),

profile as (
    select * from {{ source('catalogue', 'profile') }}
),

-- areas as they were on the day: what a territorial change carried over to others would count twice
figures as (
    select
        counted.*,
        case when counted.area_code = profile.city then 'city' else areas.level end as area_level
    from counted
    inner join areas on counted.area_code = areas.area_code
    cross join profile
    where
        coalesce(counted.period_end >= areas.valid_from, true)
        and coalesce(counted.period_end <= areas.valid_to, true)
        and (areas.level in ('quartier', 'stadtbezirk') or counted.area_code = profile.city)
),

residents as (
    select * from figures
    where measure_id = 'residents' and category_scheme = 'none' and origin = 'total'
),

-- who belongs to a group, at every area
members as (
    select * from figures
    where
        (measure_id = 'residents' and category_scheme = 'staat' and category = 'foreign')
        or (measure_id = 'residents' and category_scheme in ('melde_wup', 'migrapro', 'ewg2021') and category = 'with')
        or (measure_id = 'residents' and category_scheme = 'melde_wup' and category <> 'none')
        or (measure_id = 'foreign_residents' and category_scheme = 'none' and origin <> 'total')
),

-- of the citizenships those that are large enough in some year: the others never have a value
large_enough as (
    select distinct origin
    from members
    where area_level = 'city' and (measure_id = 'residents' or value >= {{ var('least_group') }})
),

placed as (
    select
        members.source_id,
        members.period,
        members.period_end,
        members.area_code,
        members.area_level,
        members.origin,
        members.category_scheme,
        members.category,
        members.value as x,
        residents.value - members.value as y,
        residents.value as t
    from members
    semi join large_enough on members.origin = large_enough.origin
    inner join residents
        on
            members.source_id = residents.source_id
            and members.period = residents.period
            and members.area_code = residents.area_code
    where members.area_level <> 'city'
),

quartiere as (
    select * from placed
    -- a Quartier that is hidden stays: it makes the sums null
    where area_level = 'quartier' and coalesce(t > 0, true)
),

-- the sizes of the same year, or else of the latest year before
size_years as (
    select
        quartiere.period,
        max(sizes.period_end) as size_period_end
    from quartiere
    inner join figures as sizes
        on
            sizes.measure_id = 'area_km2'
            and sizes.area_level = 'quartier'
            and year(sizes.period_end) <= year(quartiere.period_end)
    group by quartiere.period
),

sizes as (
    select
        size_years.period,
        figures.area_code,
        figures.value as a
    from size_years
    inner join figures on size_years.size_period_end = figures.period_end
    where figures.measure_id = 'area_km2' and figures.area_level = 'quartier'
),

sums as (
    select
        quartiere.source_id,
        quartiere.period,
        quartiere.origin,
        quartiere.category_scheme,
        quartiere.category,
        case when count(*) = count(quartiere.y) then sum(quartiere.x) end as sum_x,
        case when count(*) = count(quartiere.y) then sum(quartiere.y) end as sum_y,
        case when count(*) = count(quartiere.y) then sum(quartiere.t) end as sum_t,
        case when count(*) = count(sizes.a) then sum(cast(sizes.a as decimal(18, 6))) end as sum_a
    from quartiere
    left join sizes on quartiere.period = sizes.period and quartiere.area_code = sizes.area_code
    group by
        quartiere.source_id, quartiere.period, quartiere.origin, quartiere.category_scheme, quartiere.category
),

shares as (
    select
        quartiere.*,
        sums.sum_x,
        sums.sum_y,
        sums.sum_t,
        sums.sum_x / sums.sum_t as share_of_group,
        quartiere.x / quartiere.t as p,
        quartiere.x / sums.sum_x as share_of_x,
        quartiere.y / sums.sum_y as share_of_y,
        sizes.a / cast(sums.sum_a as double) as share_of_a
    from quartiere
    inner join sums
        on
            quartiere.source_id = sums.source_id
            and quartiere.period = sums.period
            and quartiere.origin = sums.origin
            and quartiere.category_scheme = sums.category_scheme
            and quartiere.category = sums.category
    left join sizes on quartiere.period = sizes.period and quartiere.area_code = sizes.area_code
    where sums.sum_x > 0 and sums.sum_y > 0
),

uneven as (
    select
        source_id,
        period,
        origin,
        category_scheme,
        category,
        sum(cast(abs(share_of_x - share_of_y) as decimal(28, 18))) / 2 as dissimilarity_index,
        sum(cast(share_of_x * x / t as decimal(28, 18))) as isolation_index,
        sum(cast(share_of_x * y / t as decimal(28, 18))) as exposure_index,
        case
            when count(*) = count(share_of_a) then sum(cast(abs(share_of_x - share_of_a) as decimal(28, 18))) / 2
        end as concentration_index
    from shares
    group by source_id, period, origin, category_scheme, category
),

pairs as (
    select
        one.source_id,
        one.period,
        one.origin,
        one.category_scheme,
        one.category,
        sum(
            cast(
                one.t * other.t * abs(one.p - other.p)
                / (2 * one.sum_t * one.sum_t * one.share_of_group * (1 - one.share_of_group)) as decimal(28, 18)
            )
        ) as gini_segregation_index
    from shares as one
    inner join shares as other
        on
            one.source_id = other.source_id
            and one.period = other.period
            and one.origin = other.origin
            and one.category_scheme = other.category_scheme
            and one.category = other.category
    group by one.source_id, one.period, one.origin, one.category_scheme, one.category
),

-- ------------------------------------------------------------ as figures

city_figures as (
    select
        members.source_id,
        members.period,
        members.area_code,
        members.origin,
        members.category_scheme,
        members.category,
        unnest(
            [
                'dissimilarity_index', 'isolation_index', 'exposure_index', 'gini_segregation_index', 'concentration_index'
            ]
        ) as measure_id,
        unnest(
            [
                cast(uneven.dissimilarity_index as double), cast(uneven.isolation_index as double),
                cast(uneven.exposure_index as double), cast(pairs.gini_segregation_index as double),
                cast(uneven.concentration_index as double)
            ]
        ) as index_value
    from members
    semi join large_enough on members.origin = large_enough.origin
    left join uneven
        on
            members.source_id = uneven.source_id
            and members.period = uneven.period
            and members.origin = uneven.origin
            and members.category_scheme = uneven.category_scheme
            and members.category = uneven.category
    left join pairs
        on
            members.source_id = pairs.source_id
            and members.period = pairs.period
            and members.origin = pairs.origin
            and members.category_scheme = pairs.category_scheme
            and members.category = pairs.category
    where members.area_level = 'city'
),

quotients as (
    select
        placed.source_id,
        placed.period,
        placed.area_code,
        placed.origin,
        placed.category_scheme,
        placed.category,
        'location_quotient' as measure_id,
        case
            when placed.t > 0 and sums.sum_x > 0 and sums.sum_y > 0
                then (placed.x / placed.t) / (sums.sum_x / sums.sum_t)
        end as index_value
    from placed
    left join sums
        on
            placed.source_id = sums.source_id
            and placed.period = sums.period
            and placed.origin = sums.origin
            and placed.category_scheme = sums.category_scheme
            and placed.category = sums.category
),

indices as (
    select * from city_figures
    union all
    select * from quotients
),

-- the group in the whole city says whether it is large enough; its row lends period, concept and delivery
judged as (
    select
        indices.*,
        group_in_city.period_kind,
        group_in_city.period_start,
        group_in_city.period_end,
        group_in_city.reporting_year,
        group_in_city.population_base,
        group_in_city.migration_concept,
        group_in_city.rounding_base,
        group_in_city.is_synthetic,
        group_in_city.provisional,
        group_in_city._delivery_id,
        case
            when sums.sum_x is null and sums.source_id is not null then 'suppressed'
            when coalesce(sums.sum_x, 0) = 0 or sums.sum_y = 0 then 'denominator_zero'
            when group_in_city.value < {{ var('least_group') }} then 'group_too_small'
            when indices.index_value is null and indices.measure_id = 'concentration_index' then 'part_missing'
            when indices.index_value is null then 'denominator_zero'
        end as reason
    from indices
    inner join members as group_in_city
        on
            indices.source_id = group_in_city.source_id
            and indices.period = group_in_city.period
            and indices.origin = group_in_city.origin
            and indices.category_scheme = group_in_city.category_scheme
            and indices.category = group_in_city.category
            and group_in_city.area_level = 'city'
    left join sums
        on
            indices.source_id = sums.source_id
            and indices.period = sums.period
            and indices.origin = sums.origin
            and indices.category_scheme = sums.category_scheme
            and indices.category = sums.category
)

select
    source_id,
    measure_id,
    area_code,
    period,
    period_kind,
    period_start,
    period_end,
    reporting_year,
    'total' as sex,
    'total' as age_group,
    origin,
    category_scheme,
    category,
    population_base,
    -- the last digits of a sum of quotients depend on the order of rows
    case when reason is null then round(index_value, 12) end as value,
    'index' as unit,
    case when reason is null then 'A' when reason = 'suppressed' then 'Q' else 'M' end as obs_status,
    case when reason = 'suppressed' then 'C' else 'F' end as conf_status,
    reason as status_reason,
    migration_concept,
    rounding_base,
    is_synthetic,
    provisional,
    _delivery_id,
    cast(null as varchar) as _sheet,
    cast(null as integer) as _row,
    cast(null as integer) as _column
from judged
