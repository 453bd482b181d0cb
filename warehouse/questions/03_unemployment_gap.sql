-- Wie weit liegt die Arbeitslosenquote der Ausländerinnen und Ausländer seit 2015 über der aller?
-- How far has the unemployment rate of foreign nationals been above that of all since 2015?
-- The foreign rate of 2017 and 2018 was never published: the gap of these years is empty, and status_reason says why.
select
    everybody.period,
    everybody.value as all_pct,
    foreign_nationals.value as foreign_pct,
    round(foreign_nationals.value - everybody.value, 1) as gap_points,
    foreign_nationals.obs_status,
    foreign_nationals.status_reason
from indicator_value as everybody
inner join area on everybody.area_code = area.area_code
left join indicator_value as foreign_nationals
    on
        foreign_nationals.indicator_id = 'unemployment_rate_foreign'
        and foreign_nationals.origin = 'foreign'
        and everybody.area_code = foreign_nationals.area_code
        and everybody.period = foreign_nationals.period
        and everybody.sex = foreign_nationals.sex
        and everybody.age_group = foreign_nationals.age_group
where
    area.is_city
    and everybody.indicator_id = 'unemployment_rate'
    and everybody.origin = 'total'
    and everybody.sex = 'total'
    and everybody.age_group = 'total'
    and everybody.period >= '2015'
order by everybody.period;
