-- The unbroken stretch each value belongs to: consecutive values of one series, without a gap and without a break. A series has
-- one population base, one concept and one kind of period.
with

computed as (
    select * from {{ ref('int_indicator_computed') }}
),

breaks as (
    select * from {{ ref('int_indicator_break') }}
),

series as (
    select
        value_key,
        concat_ws(
            '|',
            indicator_id,
            area_code,
            period_kind,
            sex,
            age_group,
            origin,
            category_scheme,
            category,
            population_base,
            migration_concept
        ) as series_key,
        period_start,
        value
    from computed
    where value is not null
),

begun as (
    select
        series.*,
        breaks.value_key is not null
        -- the period a year ago is missing: whatever came before belongs to another stretch
        or coalesce(date_diff('month', lag(series.period_start) over in_time, series.period_start) > 12, true) as is_start
    from series
    left join breaks on series.value_key = breaks.value_key
    window in_time as (partition by series.series_key order by series.period_start)
),

numbered as (
    select
        *,
        count_if(is_start) over (partition by series_key order by period_start) as stretch
    from begun
),

started as (
    select
        *,
        min(period_start) over (partition by series_key, stretch) as stretch_start
    from numbered
)

select
    value_key,
    series_key,
    stretch,
    period_start,
    value,
    stretch_start,
    count(*) over so_far as stretch_values,
    -- least squares through the values of the stretch up to this one, per year
    case
        when count(*) over so_far >= 3
            then regr_slope(value, date_diff('month', stretch_start, period_start) / 12) over so_far
    end as slope_per_year
from started
window so_far as (partition by series_key, stretch order by period_start)
