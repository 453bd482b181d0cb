-- Pupils by residence: all, those of one grade or school form that an indicator needs, and what they take part in.
with

listed as (
    select * from {{ ref('stg_school_office_pupils') }}
),

pupils as (
    select
        quartier,
        period,
        sex,
        origin,
        school_form,
        family_language,
        -- Waldorf schools and Weiterbildungskollegs are outside of this concept, whatever a file says about them
        case
            when immigration_history is null or school_form in ('waldorf', 'abendschule_kolleg') then 'not_recorded'
            when immigration_history then 'with'
            else 'none'
        end as immigration_history,
        grade,
        pupils,
        pupils_status,
        repeating,
        repeating_status,
        initial_support,
        initial_support_status,
        all_day,
        all_day_status
    from listed
),

measured as (
    select
        'school_pupils' as measure_id,
        * exclude (pupils, pupils_status),
        pupils as number_of_pupils,
        pupils_status as withheld
    from pupils
    union all by name
    select
        'school_pupils_grade_8' as measure_id,
        * exclude (pupils, pupils_status),
        pupils as number_of_pupils,
        pupils_status as withheld
    from pupils
    where grade = 8
    union all by name
    select
        'school_pupils_primary' as measure_id,
        * exclude (pupils, pupils_status),
        pupils as number_of_pupils,
        pupils_status as withheld
    from pupils
    where school_form = 'grundschule'
    union all by name
    select
        'school_pupils_all_day' as measure_id,
        * exclude (all_day, all_day_status),
        all_day as number_of_pupils,
        all_day_status as withheld
    from pupils
    where school_form = 'grundschule'
    union all by name
    select
        'school_pupils_repeating' as measure_id,
        * exclude (repeating, repeating_status),
        repeating as number_of_pupils,
        repeating_status as withheld
    from pupils
    union all by name
    select
        'school_pupils_initial_support' as measure_id,
        * exclude (initial_support, initial_support_status),
        initial_support as number_of_pupils,
        initial_support_status as withheld
    from pupils
),

split as (
    select
        measure_id,
        quartier,
        period,
        sex,
        origin,
        school_form,
        family_language,
        immigration_history,
        -- a sum with a hidden part is hidden
        case when count(*) = count(number_of_pupils) then sum(number_of_pupils) end as value,
        min(withheld) as status_reason
    from measured
    group by grouping sets (
        (measure_id, quartier, period), (measure_id, quartier, period, sex), (measure_id, quartier, period, origin),
        (measure_id, quartier, period, sex, origin), (measure_id, quartier, period, school_form),
        (measure_id, quartier, period, school_form, origin), (measure_id, quartier, period, family_language),
        (measure_id, quartier, period, family_language, origin), (measure_id, quartier, period, immigration_history)
    )
)

select
    measure_id,
    quartier as area_code,
    period,
    coalesce(sex, 'total') as sex,
    'total' as age_group,
    coalesce(origin, 'total') as origin,
    case
        when school_form is not null then 'school_form'
        when family_language is not null then 'family_language'
        when immigration_history is not null then 'immigration_history'
        else 'none'
    end as category_scheme,
    coalesce(school_form, family_language, immigration_history, 'total') as category,
    cast(value as double) as value,
    status_reason,
    case
        when immigration_history is not null then 'SCHULE_NRW'
        when origin is not null then 'SCHULE_DESTATIS'
    end as migration_concept
from split
where
    measure_id = 'school_pupils'
    or (
        sex is null
        and family_language is null
        and immigration_history is null
        -- primary pupils are of one school form
        and (school_form is null or measure_id not in ('school_pupils_primary', 'school_pupils_all_day'))
    )
