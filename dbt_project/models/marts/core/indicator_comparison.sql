with

computed as (
    select * from {{ ref('int_indicator_computed') }}
),

stretches as (
    select * from {{ ref('int_indicator_stretch') }}
),

indicators as (
    select * from {{ source('catalogue', 'indicator') }}
),

profile as (
    select * from {{ source('catalogue', 'profile') }}
),

areas as (
    select * from {{ source('catalogue', 'area') }}
),

thresholds as (
    select * from {{ source('catalogue', 'trend_threshold') }}
),

units as (
    select * from {{ ref('unit') }}
),

dated as (
    select
        computed.*,
        stretches.series_key,
        stretches.stretch,
        stretches.stretch_start,
        stretches.stretch_values,
        stretches.slope_per_year,
        areas.level as area_level,
        case when areas.level = 'kreis' then areas.parent_code end as regierungsbezirk,
        concat_ws(
            '|',
            computed.indicator_id,
            computed.period,
            computed.sex,
            computed.age_group,
            computed.origin,
            computed.category_scheme,
            computed.category,
            computed.population_base
        ) as across_key
    from computed
    inner join areas on computed.area_code = areas.area_code
    left join stretches on computed.value_key = stretches.value_key
),

city_values as (
    select
        dated.across_key,
        dated.value
    from dated
    inner join profile on dated.area_code = profile.city
),

land_values as (
    select
        dated.across_key,
        dated.value
    from dated
    inner join profile on dated.area_code = profile.land
),

regierungsbezirk_values as (
    select
        across_key,
        area_code,
        value
    from dated
    where area_level = 'regierungsbezirk'
),

-- a rank says something only where every Kreis has a value
ranked as (
    select
        dated.value_key,
        rank() over (partition by dated.across_key order by dated.value desc) as rank_among_kreise,
        percent_rank() over (partition by dated.across_key order by dated.value) as quantile_among_kreise,
        count(*) over (partition by dated.across_key) as kreise
    from dated
    inner join units on dated.unit = units.unit and units.is_comparable_between_areas
    where dated.value is not null and dated.area_level = 'kreis'
),

kreise as (
    select count(*) as kreise
    from areas
    where level = 'kreis'
),

compared as (
    select
        present.*,
        units.change_measure,
        units.change_unit,
        units.is_comparable_between_areas,
        thresholds.change as threshold,
        indicators.desired_direction,
        previous.value as value_previous_year,
        previous.rounding_error as rounding_error_previous_year,
        earlier.value as value_five_years_before,
        earlier.rounding_error as rounding_error_five_years_before,
        land_values.value as land_value,
        regierungsbezirk_values.value as regierungsbezirk_value,
        case when present.area_level in ('stadtbezirk', 'quartier', 'not_located') then city_values.value end as city_value,
        case when ranked.kreise = kreise.kreise then ranked.rank_among_kreise end as rank_among_kreise,
        case when ranked.kreise = kreise.kreise then ranked.quantile_among_kreise end as quantile_among_kreise
    from dated as present
    cross join kreise
    inner join units on present.unit = units.unit
    inner join indicators on present.indicator_id = indicators.indicator_id
    left join thresholds on present.unit = thresholds.unit
    left join dated as previous
        on
            present.series_key = previous.series_key
            and present.stretch = previous.stretch
            and present.period_start = previous.period_start + interval 1 year
    left join dated as earlier
        on
            present.series_key = earlier.series_key
            and present.stretch = earlier.stretch
            and present.period_start = earlier.period_start + interval 5 year
    left join land_values on present.across_key = land_values.across_key
    left join city_values on present.across_key = city_values.across_key
    left join regierungsbezirk_values
        on
            present.across_key = regierungsbezirk_values.across_key
            and present.regierungsbezirk = regierungsbezirk_values.area_code
    left join ranked on present.value_key = ranked.value_key
),

changed as (
    select
        *,
        {{ change('value', 'value_previous_year') }} as change,
        {{ change('value', 'value_five_years_before') }} as change_five_years,
        {{ change('value', 'land_value') }} as beyond_land,
        {{ change('value', 'regierungsbezirk_value') }} as beyond_regierungsbezirk,
        {{ change('value', 'city_value') }} as beyond_city,
        -- what rounded parts may make of the change, in its unit
        (rounding_error + coalesce(rounding_error_five_years_before, rounding_error_previous_year))
        / case
            when change_measure = 'difference' then 1
            else abs(coalesce(value_five_years_before, value_previous_year)) / 100
        end as rounding_error_of_change
    from compared
),

judged as (
    select
        *,
        coalesce(change_five_years, change) as judged_change,
        greatest(threshold, rounding_error_of_change) as judged_threshold
    from changed
)

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
    value,
    unit,
    value_previous_year,
    change,
    value_five_years_before,
    change_five_years,
    change_unit,
    stretch_start,
    cast(stretch_values as integer) as stretch_values,
    slope_per_year,
    rounding_error,
    judged_threshold as trend_threshold,
    case
        when desired_direction = 'none' or judged_change is null or judged_threshold is null then 'not_assessable'
        when abs(judged_change) <= judged_threshold then 'stable'
        when (judged_change > 0) = (desired_direction = 'up') then 'improving'
        else 'worsening'
    end as trend_class,
    land_value,
    case when is_comparable_between_areas then beyond_land end as difference_to_land,
    regierungsbezirk_value,
    case when is_comparable_between_areas then beyond_regierungsbezirk end as difference_to_regierungsbezirk,
    city_value,
    case when is_comparable_between_areas then beyond_city end as difference_to_city,
    case when is_comparable_between_areas then change_unit end as difference_unit,
    cast(rank_among_kreise as integer) as rank_among_kreise,
    quantile_among_kreise
from judged
