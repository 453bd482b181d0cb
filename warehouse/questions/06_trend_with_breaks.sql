-- Wie hat sich die Bevölkerung entwickelt, und wo bricht die Reihe?
-- How has the population developed, and where does the series break?
-- A change is never computed across a break: the value after it starts a new stretch.
with

period_before as (
    select
        indicator_value.area_code,
        indicator_value.period,
        lag(indicator_value.period_end) over (
            partition by indicator_value.area_code
            order by indicator_value.period_end
        ) as period_end
    from indicator_value
    where
        indicator_value.indicator_id = 'population'
        and indicator_value.sex = 'total'
        and indicator_value.age_group = 'total'
)

select
    indicator_comparison.period,
    indicator_comparison.population_base,
    indicator_comparison.value as residents,
    indicator_comparison.stretch_start,
    round(indicator_comparison.change, 2) as change_pct,
    round(indicator_comparison.change_five_years, 2) as change_five_years_pct,
    indicator_comparison.trend_class,
    indicator_value.series_break,
    series_break.break_date,
    series_break.text_en as what_changed
from indicator_comparison
inner join area on indicator_comparison.area_code = area.area_code
inner join indicator_value
    on
        indicator_comparison.indicator_id = indicator_value.indicator_id
        and indicator_comparison.area_code = indicator_value.area_code
        and indicator_comparison.period = indicator_value.period
        and indicator_comparison.sex = indicator_value.sex
        and indicator_comparison.age_group = indicator_value.age_group
        and indicator_comparison.origin = indicator_value.origin
        and indicator_comparison.category_scheme = indicator_value.category_scheme
        and indicator_comparison.category = indicator_value.category
        and indicator_comparison.population_base = indicator_value.population_base
left join period_before
    on
        indicator_comparison.area_code = period_before.area_code
        and indicator_comparison.period = period_before.period
left join series_break
    on
        indicator_value.series_break
        and series_break.measure_id = 'population'
        and indicator_value.period_end >= series_break.break_date
        and period_before.period_end < series_break.break_date
where
    area.is_city
    and indicator_comparison.indicator_id = 'population'
    and indicator_comparison.sex = 'total'
    and indicator_comparison.age_group = 'total'
order by indicator_comparison.period;
