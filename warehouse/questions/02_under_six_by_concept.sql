-- Wie viele Kinder unter sechs haben eine Migrationsgeschichte – je nachdem, wer gezählt wird?
-- How many children under six have a migration history, depending on who is counted?
select
    indicator_value.period,
    indicator_value.migration_concept,
    indicator.name_en,
    indicator_value.numerator as children_counted,
    indicator_value.denominator as children_under_six,
    round(indicator_value.value, 1) as share_pct,
    indicator_value.is_synthetic
from indicator_value
inner join indicator on indicator_value.indicator_id = indicator.indicator_id
inner join area on indicator_value.area_code = area.area_code
where
    area.is_city
    and indicator_value.indicator_id in (
        'foreign_share_register',
        'migration_background_share',
        'migration_background_share_migrapro',
        'immigration_history_share'
    )
    and indicator_value.age_group = '00_06'
    and indicator_value.sex = 'total'
order by indicator_value.period, indicator_value.value, indicator_value.migration_concept;
