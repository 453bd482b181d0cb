-- Wie hoch ist der Anteil mit Migrationshintergrund in jedem Quartier, je Lebensphase?
-- What share has a migration background in each Quartier, by stage of life?
-- Age groups are added up by numerator and denominator: a mean of percentages would be wrong.
with

newest as (
    select max(period) as period
    from indicator_value
    where indicator_id = 'migration_background_share' and value is not null
),

of_quartiere as (
    select
        area.area_code,
        area.name,
        indicator_value.period,
        case
            when indicator_value.age_group = '00_06' then 'early_childhood'
            when indicator_value.age_group in ('06_10', '10_15', '15_18') then 'school'
            when indicator_value.age_group = '18_25' then 'training'
            when indicator_value.age_group in ('25_45', '45_65') then 'working_life'
            when indicator_value.age_group = '65_plus' then 'old_age'
        end as life_stage,
        indicator_value.numerator,
        indicator_value.denominator
    from indicator_value
    inner join area on indicator_value.area_code = area.area_code
    inner join newest on indicator_value.period = newest.period
    where
        indicator_value.indicator_id = 'migration_background_share'
        and indicator_value.sex = 'total'
        and area.level = 'quartier'
        and indicator_value.denominator > 0
),

summed as (
    select
        area_code,
        name,
        period,
        life_stage,
        100.0 * sum(numerator) / sum(denominator) as share_of_stage
    from of_quartiere
    where life_stage is not null
    group by area_code, name, period, life_stage
)

select
    area_code,
    name,
    period,
    round(max(case when life_stage = 'early_childhood' then share_of_stage end), 1) as early_childhood_pct,
    round(max(case when life_stage = 'school' then share_of_stage end), 1) as school_pct,
    round(max(case when life_stage = 'training' then share_of_stage end), 1) as training_pct,
    round(max(case when life_stage = 'working_life' then share_of_stage end), 1) as working_life_pct,
    round(max(case when life_stage = 'old_age' then share_of_stage end), 1) as old_age_pct
from summed
group by area_code, name, period
order by area_code;
