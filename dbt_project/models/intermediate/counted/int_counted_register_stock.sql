-- What the register of residents counts, at the Quartiere and at what cannot be placed. The persons are read once, into counts
-- by every attribute; everything after works on those. Only what occurs has a row, and every code that may occur has a zero at
-- the city: the step that sums up over areas fills in from there.
with

persons as (
    select * from {{ ref('stg_concept_ewg2021') }}
),

register as (
    select * from {{ ref('stg_register_stock') }}
),

periods as (
    select * from {{ source('raw', 'record_period') }}
    where source_id = 'register_stock'
),

profile as (
    select * from {{ source('catalogue', 'profile') }}
),

-- ------------------------------------------------------------ codes

sexes (code, of_sex) as (
    values ('m', 'm'), ('f', 'f'), ('diverse', 'diverse'), ('total', 'm'), ('total', 'f'), ('total', 'diverse')
),

age_leaves (code, first_year) as (
    values
    ('00_03', 0), ('03_06', 3), ('06_10', 6), ('10_15', 10), ('15_18', 15), ('18_25', 18), ('25_45', 25), ('45_65', 45),
    ('65_plus', 65)
),

age_sums (code, from_year, to_year) as (
    values ('00_06', 0, 6), ('00_15', 0, 15), ('00_18', 0, 18), ('15_65', 15, 65), ('total', 0, 999)
),

age_groups as (
    select
        code,
        code as of_age
    from age_leaves
    union all
    select
        age_sums.code,
        age_leaves.code as of_age
    from age_sums
    inner join age_leaves on age_sums.from_year <= age_leaves.first_year and age_sums.to_year > age_leaves.first_year
),

concepts (category_scheme, migration_concept) as (
    values
    ('none', null), ('staat', 'STAAT'), ('melde_wup', 'MELDE_WUP'), ('migrapro', 'MIGRAPRO'), ('ewg2021', 'EWG2021'),
    ('generation', 'MELDE_WUP')
),

-- every class of a concept, and those that add up to the persons who belong to it
categories (category_scheme, category, of_class) as (
    values
    ('none', 'total', 'total'),
    ('staat', 'foreign', 'foreign'),
    ('staat', 'german', 'german'),
    ('melde_wup', 'foreign', 'foreign'),
    ('melde_wup', 'german_second_citizenship', 'german_second_citizenship'),
    ('melde_wup', 'german_parent_born_abroad', 'german_parent_born_abroad'),
    ('melde_wup', 'german_born_abroad_or_naturalised', 'german_born_abroad_or_naturalised'),
    ('melde_wup', 'child_of_migration_household', 'child_of_migration_household'),
    ('melde_wup', 'none', 'none'),
    ('melde_wup', 'with', 'foreign'),
    ('melde_wup', 'with', 'german_second_citizenship'),
    ('melde_wup', 'with', 'german_parent_born_abroad'),
    ('melde_wup', 'with', 'german_born_abroad_or_naturalised'),
    ('melde_wup', 'with', 'child_of_migration_household'),
    ('migrapro', 'foreign', 'foreign'),
    ('migrapro', 'german_resettler', 'german_resettler'),
    ('migrapro', 'german_naturalised_or_second_citizenship', 'german_naturalised_or_second_citizenship'),
    ('migrapro', 'german_born_abroad_or_arrived', 'german_born_abroad_or_arrived'),
    ('migrapro', 'child_of_migration_household', 'child_of_migration_household'),
    ('migrapro', 'none', 'none'),
    ('migrapro', 'with', 'foreign'),
    ('migrapro', 'with', 'german_resettler'),
    ('migrapro', 'with', 'german_naturalised_or_second_citizenship'),
    ('migrapro', 'with', 'german_born_abroad_or_arrived'),
    ('migrapro', 'with', 'child_of_migration_household'),
    ('ewg2021', 'immigrated', 'immigrated'),
    ('ewg2021', 'both_parents', 'both_parents'),
    ('ewg2021', 'one_parent', 'one_parent'),
    ('ewg2021', 'none', 'none'),
    ('ewg2021', 'not_determinable', 'not_determinable'),
    ('ewg2021', 'with', 'immigrated'),
    ('ewg2021', 'with', 'both_parents'),
    ('generation', 'first', 'first'),
    ('generation', 'second_or_later', 'second_or_later'),
    ('generation', 'unknown', 'unknown'),
    ('generation', 'none', 'none')
),

duration_bands (code) as (
    values ('00_01'), ('01_05'), ('05_08'), ('08_10'), ('10_20'), ('20_plus'), ('unknown')
),

household_types (code) as (
    values ('single'), ('couple'), ('couple_with_children'), ('lone_parent'), ('other')
),

household_kinds as (
    select
        code as of_type,
        'household_type' as category_scheme,
        code as category
    from household_types
    union all
    select
        code as of_type,
        'none' as category_scheme,
        'total' as category
    from household_types
),

-- ------------------------------------------------------------ the pass over the persons

classified as (
    select
        period,
        quartier,
        sex,
        case
            when age_years < 3 then '00_03'
            when age_years < 6 then '03_06'
            when age_years < 10 then '06_10'
            when age_years < 15 then '10_15'
            when age_years < 18 then '15_18'
            when age_years < 25 then '18_25'
            when age_years < 45 then '25_45'
            when age_years < 65 then '45_65'
            else '65_plus'
        end as age_group,
        staat,
        melde_wup,
        migrapro,
        ewg2021,
        case
            when melde_wup = 'none' then 'none'
            when is_born_abroad then 'first'
            when birth_state is null then 'unknown'
            else 'second_or_later'
        end as generation,
        age_months,
        case when is_born_abroad then date_diff('month', arrival_date, reference_date) end as residence_months,
        birth_state is null as is_birth_state_missing,
        staat = 'german' and coalesce(german_citizenship_kind = 'unknown', true) as is_german_kind_missing,
        case when staat = 'foreign' then citizenship_1 end as foreign_citizenship,
        case
            when staat = 'german' then null
            when arrival_date is null then 'unknown'
            when date_diff('month', arrival_date, reference_date) < 1 * 12 then '00_01'
            when date_diff('month', arrival_date, reference_date) < 5 * 12 then '01_05'
            when date_diff('month', arrival_date, reference_date) < 8 * 12 then '05_08'
            when date_diff('month', arrival_date, reference_date) < 10 * 12 then '08_10'
            when date_diff('month', arrival_date, reference_date) < 20 * 12 then '10_20'
            else '20_plus'
        end as duration_band,
        -- one person stands for the household
        case when household_role = 'head' then household_type end as headed_household_type
    from persons
),

counted as materialized (
    select
        period,
        quartier,
        grouping(sex) = 0 as is_by_concept,
        grouping(foreign_citizenship) = 0 as is_by_citizenship,
        sex,
        age_group,
        staat,
        melde_wup,
        migrapro,
        ewg2021,
        generation,
        foreign_citizenship,
        duration_band,
        headed_household_type,
        count(*) as persons,
        sum(age_months) as age_months,
        sum(residence_months) as residence_months,
        count(residence_months) as arrival_known,
        count(*) filter (is_birth_state_missing) as birth_state_missing,
        count(*) filter (is_german_kind_missing) as german_kind_missing
    from classified
    group by
        grouping sets (
            (period, quartier, sex, age_group, staat, melde_wup, migrapro, ewg2021, generation),
            (period, quartier, foreign_citizenship, duration_band),
            (period, quartier, headed_household_type)
        )
),

-- ------------------------------------------------------------ persons by concept, sex and age

of_concepts as (
    select
        period,
        quartier,
        sex,
        age_group,
        unnest(['none', 'staat', 'melde_wup', 'migrapro', 'ewg2021', 'generation']) as category_scheme,
        unnest(['total', staat, melde_wup, migrapro, ewg2021, generation]) as of_class,
        persons,
        age_months
    from counted
    where is_by_concept
),

by_class as (
    select
        period,
        quartier,
        sex,
        age_group,
        category_scheme,
        of_class,
        sum(persons) as persons,
        sum(age_months) as age_months
    from of_concepts
    group by period, quartier, sex, age_group, category_scheme, of_class
),

by_concept as (
    select
        by_class.period,
        by_class.quartier,
        sexes.code as sex,
        age_groups.code as age_group,
        categories.category_scheme,
        categories.category,
        sum(by_class.persons) as persons,
        sum(by_class.age_months) as age_months
    from by_class
    inner join categories
        on by_class.category_scheme = categories.category_scheme and by_class.of_class = categories.of_class
    inner join sexes on by_class.sex = sexes.of_sex
    inner join age_groups on by_class.age_group = age_groups.of_age
    where by_class.category_scheme <> 'generation' or sexes.code = 'total'
    group by
        by_class.period, by_class.quartier, sexes.code, age_groups.code, categories.category_scheme, categories.category
),

residents as (
    select
        'residents' as measure_id,
        period,
        quartier,
        sex,
        age_group,
        'total' as origin,
        category_scheme,
        category,
        persons as value
    from by_concept
),

age_months as (
    select
        'residents_age_months' as measure_id,
        period,
        quartier,
        sex,
        'total' as age_group,
        'total' as origin,
        category_scheme,
        category,
        age_months as value
    from by_concept
    where
        age_group = 'total'
        and (category_scheme in ('none', 'staat') or (category_scheme = 'melde_wup' and category in ('with', 'none')))
),

-- ------------------------------------------------------------ what is not split by sex and age

in_all as (
    select
        period,
        quartier,
        sum(residence_months) as residence_months,
        sum(arrival_known) as residents_arrival_known,
        sum(birth_state_missing) as register_birth_state_missing,
        sum(german_kind_missing) as register_german_kind_missing,
        sum(persons) filter (staat = 'foreign') as foreign_residents
    from counted
    where is_by_concept
    group by period, quartier
),

in_all_rows as (
    select
        unnest(
            [
                'residence_months', 'residents_arrival_known', 'register_birth_state_missing', 'register_german_kind_missing',
                'foreign_residents'
            ]
        ) as measure_id,
        period,
        quartier,
        'total' as sex,
        'total' as age_group,
        'total' as origin,
        'none' as category_scheme,
        'total' as category,
        unnest(
            [
                residence_months, residents_arrival_known, register_birth_state_missing, register_german_kind_missing,
                foreign_residents
            ]
        ) as value
    from in_all
),

foreign_by_citizenship as (
    select
        'foreign_residents' as measure_id,
        period,
        quartier,
        'total' as sex,
        'total' as age_group,
        foreign_citizenship as origin,
        'none' as category_scheme,
        'total' as category,
        sum(persons) as value
    from counted
    where is_by_citizenship and foreign_citizenship is not null
    group by period, quartier, foreign_citizenship
),

foreign_by_duration as (
    select
        'foreign_residents' as measure_id,
        period,
        quartier,
        'total' as sex,
        'total' as age_group,
        'total' as origin,
        'duration_band' as category_scheme,
        duration_band as category,
        sum(persons) as value
    from counted
    where is_by_citizenship and duration_band is not null
    group by period, quartier, duration_band
),

households as (
    select
        'households' as measure_id,
        counted.period,
        counted.quartier,
        'total' as sex,
        'total' as age_group,
        'total' as origin,
        household_kinds.category_scheme,
        household_kinds.category,
        sum(counted.persons) as value
    from counted
    inner join household_kinds on counted.headed_household_type = household_kinds.of_type
    group by counted.period, counted.quartier, household_kinds.category_scheme, household_kinds.category
),

secondary as (
    select
        'residents_secondary' as measure_id,
        period,
        quartier,
        'total' as sex,
        'total' as age_group,
        'total' as origin,
        'none' as category_scheme,
        'total' as category,
        count(*) as value
    from register
    where residence = 'secondary'
    group by period, quartier
),

-- ------------------------------------------------------------ every code that may occur, with nobody

possible as (
    select distinct
        'residents' as measure_id,
        sexes.code as sex,
        age_groups.code as age_group,
        categories.category_scheme,
        categories.category
    from sexes
    cross join age_groups
    cross join categories
    where categories.category_scheme <> 'generation' or sexes.code = 'total'
    union all
    select distinct
        'residents_age_months' as measure_id,
        sexes.code as sex,
        'total' as age_group,
        categories.category_scheme,
        categories.category
    from sexes
    cross join categories
    where
        categories.category_scheme in ('none', 'staat')
        or (categories.category_scheme = 'melde_wup' and categories.category in ('with', 'none'))
    union all
    select
        unnest(
            [
                'residence_months', 'residents_arrival_known', 'register_birth_state_missing', 'register_german_kind_missing',
                'foreign_residents', 'residents_secondary', 'households'
            ]
        ) as measure_id,
        'total' as sex,
        'total' as age_group,
        'none' as category_scheme,
        'total' as category
    union all
    select
        'foreign_residents' as measure_id,
        'total' as sex,
        'total' as age_group,
        'duration_band' as category_scheme,
        code as category
    from duration_bands
    union all
    select
        'households' as measure_id,
        'total' as sex,
        'total' as age_group,
        'household_type' as category_scheme,
        code as category
    from household_types
),

nobody as (
    select
        possible.measure_id,
        periods.period,
        profile.city as quartier,
        possible.sex,
        possible.age_group,
        'total' as origin,
        possible.category_scheme,
        possible.category,
        0 as value
    from possible
    cross join periods
    cross join profile
),

figures as (
    select * from residents
    union all
    select * from age_months
    union all
    select * from in_all_rows
    where value > 0
    union all
    select * from foreign_by_citizenship
    union all
    select * from foreign_by_duration
    union all
    select * from households
    union all
    select * from secondary
    union all
    select * from nobody
)

select
    figures.measure_id,
    figures.quartier as area_code,
    figures.period,
    figures.sex,
    figures.age_group,
    figures.origin,
    figures.category_scheme,
    figures.category,
    cast(figures.value as double) as value,
    cast(null as varchar) as status_reason,
    case
        when figures.measure_id = 'foreign_residents' then 'STAAT'
        else concepts.migration_concept
    end as migration_concept
from figures
left join concepts on figures.category_scheme = concepts.category_scheme
