-- Was wissen wir über ein Handlungsfeld (hier: Arbeit), Indikatoren in Zeilen und Jahre in Spalten?
-- What do we know of one Handlungsfeld (here: work), indicators in rows and years in columns?
-- The views handlungsfeld_1 to handlungsfeld_6 and handlungsfeld_cross hold the same the other way round.
select
    indicator.theme,
    indicator.name_en,
    indicator_value.unit,
    indicator_value.origin,
    round(max(case when period.reporting_year = 2019 then indicator_value.value end), 1) as y2019,
    round(max(case when period.reporting_year = 2020 then indicator_value.value end), 1) as y2020,
    round(max(case when period.reporting_year = 2021 then indicator_value.value end), 1) as y2021,
    round(max(case when period.reporting_year = 2022 then indicator_value.value end), 1) as y2022,
    round(max(case when period.reporting_year = 2023 then indicator_value.value end), 1) as y2023,
    round(max(case when period.reporting_year = 2024 then indicator_value.value end), 1) as y2024,
    max(indicator_value.is_synthetic) as is_synthetic
from indicator_value
inner join indicator on indicator_value.indicator_id = indicator.indicator_id
inner join area on indicator_value.area_code = area.area_code
inner join period on indicator_value.period = period.period
where
    area.is_city
    and indicator.handlungsfeld = '4'
    and indicator_value.sex = 'total'
    and indicator_value.age_group = 'total'
    and indicator_value.origin in ('total', 'german', 'foreign')
    and indicator_value.category = 'total'
    and period.period_kind in ('reference_date', 'year', 'school_year')
    and period.reporting_year >= 2019
group by indicator.theme, indicator.indicator_id, indicator.name_en, indicator_value.unit, indicator_value.origin
order by indicator.theme, indicator.indicator_id, indicator_value.origin;
