-- The register counted by one hand-written script, as fast as we could make it: the rows `intermediate.int_counted` holds of
-- register_stock, from the same landings. `landings` is a view over the files, `ancestor` names the areas a Quartier lies in.
--
-- It takes every short cut the models do not take: codes are small numbers in one key until the last step, a household is only
-- joined to its children, types of households are counted where they are made, and nothing is handed on by name.
create temp table household as
select
    period,
    household,
    max(quartier) filter (household_role = 'head') as quartier,
    count(*) filter (household_role = 'head') as heads,
    count(*) as persons,
    count(*) filter (is_parent) as parents,
    count(*) filter (household_role = 'child') as children,
    count(*) filter (household_role = 'child' and months < 216) as minors,
    coalesce(bool_or(abroad) filter (is_parent), false) as p_abroad,
    coalesce(bool_or(abroad or own) filter (is_parent), false) as p_wup,
    coalesce(bool_or(abroad or own or arrived) filter (is_parent), false) as p_pro,
    count(*) filter (is_parent and abroad and since_1950) as p_immigrated,
    count(*) filter (is_parent and birth_state < '997') as p_known
from (
    select
        period,
        household,
        quartier,
        household_role,
        birth_state,
        household_role in ('head', 'partner') as is_parent,
        date_diff('month', birth_month, reference_date) as months,
        coalesce(birth_state > '000' and birth_state < '997', false) as abroad,
        coalesce(origin_state > '000' and origin_state < '997', false) as arrived,
        coalesce(arrival_date >= date '1950-01-01', true) as since_1950,
        citizenship_1 > '000'
        or coalesce(citizenship_2 < '997', false)
        or coalesce(citizenship_3 < '997', false)
        or coalesce(german_citizenship_kind in ('naturalised', 'resettler'), false) as own
    from landings
    where residence = 'main'
)
group by period, household;

create temp table leaf as
with

person as (
    select
        period,
        quartier,
        sex,
        household_role,
        household,
        citizenship_1,
        date_diff('month', birth_month, reference_date) as months,
        date_diff('month', arrival_date, reference_date) as stay,
        coalesce(citizenship_2 < '997', false) or coalesce(citizenship_3 < '997', false) as second,
        coalesce(birth_state > '000' and birth_state < '997', false) as abroad,
        coalesce(birth_state < '997', false) as known_birth,
        coalesce(origin_state > '000' and origin_state < '997', false) as arrived,
        coalesce(arrival_date >= date '1950-01-01', true) as since_1950,
        coalesce(german_citizenship_kind = 'resettler', false) as resettler,
        coalesce(german_citizenship_kind = 'naturalised', false) as naturalised,
        coalesce(german_citizenship_kind, 'unknown') = 'unknown' as kind_lost
    from landings
    where residence = 'main'
),

placed as (
    select
        person.* exclude (household, household_role),
        coalesce(household.p_abroad, false) as p_abroad,
        coalesce(household.p_wup, false) as p_wup,
        coalesce(household.p_pro, false) as p_pro,
        coalesce(household.parents, 0) as parents,
        coalesce(household.p_immigrated, 0) as p_immigrated,
        coalesce(household.p_known, 0) as p_known
    from person
    left join household
        on
            person.period = household.period
            and case when person.household_role = 'child' then person.household end = household.household
            and household.children > 0
),

classed as (
    select
        *,
        cast(
            case
                when citizenship_1 > '000' then 1
                when second then 2
                when p_abroad then 3
                when abroad or naturalised or resettler then 4
                when months < 216 and p_wup then 5
                else 0
            end as tinyint
        ) as wup,
        cast(
            case
                when citizenship_1 > '000' then 1
                when resettler then 2
                when second or naturalised then 3
                when abroad or arrived then 4
                when months < 216 and p_pro then 5
                else 0
            end as tinyint
        ) as pro,
        cast(
            case
                when abroad and since_1950 then 1
                when not known_birth or parents < 2 then 4
                when p_immigrated = 2 then 2
                when p_known < 2 then 4
                when p_immigrated = 1 then 3
                else 0
            end as tinyint
        ) as ewg
    from placed
),

keyed as (
    select
        period,
        quartier,
        cast(case sex when 'm' then 1 when 'f' then 2 else 3 end as tinyint) as sex,
        cast(
            case
                when months < 36 then 1
                when months < 72 then 2
                when months < 120 then 3
                when months < 180 then 4
                when months < 216 then 5
                when months < 300 then 6
                when months < 540 then 7
                when months < 780 then 8
                else 9
            end as tinyint
        ) as age,
        wup,
        pro,
        ewg,
        cast(case when wup = 0 then 0 when abroad then 1 when not known_birth then 3 else 2 end as tinyint) as gen,
        case when wup = 1 then citizenship_1 end as citizenship,
        cast(
            case
                when wup <> 1 then null
                when stay is null then 7
                when stay < 12 then 1
                when stay < 60 then 2
                when stay < 96 then 3
                when stay < 120 then 4
                when stay < 240 then 5
                else 6
            end as tinyint
        ) as band,
        months,
        case when abroad then stay end as stay,
        known_birth,
        wup <> 1 and kind_lost as kind_lost
    from classed
)

select
    period,
    quartier,
    sex,
    age,
    wup,
    pro,
    ewg,
    gen,
    citizenship,
    band,
    grouping(citizenship) as is_by_concept,
    count(*) as persons,
    sum(months) as months,
    sum(stay) as stay,
    count(stay) as stay_known,
    count(*) filter (not known_birth) as birth_missing,
    count(*) filter (kind_lost) as kind_lost
from keyed
group by grouping sets ((period, quartier, sex, age, wup, pro, ewg, gen), (period, quartier, citizenship, band));

-- what is counted, as one key per figure: scheme and class, sex, age, and the area summed up
create temp table split as
with

by_class as (
    select
        period,
        quartier,
        sex,
        age,
        unnest([0::tinyint, 1, 2, 3, 4, 5]) as scheme,
        unnest([0::tinyint, case when wup = 1 then 1 else 0 end, wup, pro, ewg, gen]) as class,
        persons,
        months
    from leaf
    where is_by_concept = 1
),

summed as (
    select
        period,
        quartier,
        sex,
        age,
        scheme,
        class,
        sum(persons) as persons,
        sum(months) as months
    from by_class
    group by all
),

of_sex as (
    select
        summed.period,
        ancestor.ancestor_code as area_code,
        case when grouping(summed.sex) = 1 then 0 else summed.sex end as sex,
        summed.age,
        summed.scheme,
        summed.class,
        sum(summed.persons) as persons,
        sum(summed.months) as months
    from summed
    inner join ancestor on summed.quartier = ancestor.area_code
    group by
        grouping sets (
            (summed.period, ancestor.ancestor_code, summed.sex, summed.age, summed.scheme, summed.class),
            (summed.period, ancestor.ancestor_code, summed.age, summed.scheme, summed.class)
        )
),

of_age (age, code) as (
    values
    (1, '00_03'), (2, '03_06'), (3, '06_10'), (4, '10_15'), (5, '15_18'), (6, '18_25'), (7, '25_45'), (8, '45_65'), (9, '65_plus'),
    (1, '00_06'), (2, '00_06'), (1, '00_15'), (2, '00_15'), (3, '00_15'), (4, '00_15'), (1, '00_18'), (2, '00_18'), (3, '00_18'),
    (4, '00_18'), (5, '00_18'), (5, '15_65'), (6, '15_65'), (7, '15_65'), (8, '15_65'), (1, 'total'), (2, 'total'), (3, 'total'),
    (4, 'total'), (5, 'total'), (6, 'total'), (7, 'total'), (8, 'total'), (9, 'total')
)

select
    of_sex.period,
    of_sex.area_code,
    of_sex.sex,
    of_age.code as age_group,
    of_sex.scheme,
    of_sex.class,
    sum(of_sex.persons) as persons,
    sum(of_sex.months) as months
from of_sex
inner join of_age on of_sex.age = of_age.age
where of_sex.scheme < 5 or of_sex.sex = 0
group by all;

create temp table class_name as
from (
    values
    (0, 0, 'none', 'total', null), (1, 0, 'staat', 'german', 'STAAT'), (1, 1, 'staat', 'foreign', 'STAAT'),
    (2, 0, 'melde_wup', 'none', 'MELDE_WUP'), (2, 1, 'melde_wup', 'foreign', 'MELDE_WUP'),
    (2, 2, 'melde_wup', 'german_second_citizenship', 'MELDE_WUP'), (2, 3, 'melde_wup', 'german_parent_born_abroad', 'MELDE_WUP'),
    (2, 4, 'melde_wup', 'german_born_abroad_or_naturalised', 'MELDE_WUP'),
    (2, 5, 'melde_wup', 'child_of_migration_household', 'MELDE_WUP'), (2, 9, 'melde_wup', 'with', 'MELDE_WUP'),
    (3, 0, 'migrapro', 'none', 'MIGRAPRO'), (3, 1, 'migrapro', 'foreign', 'MIGRAPRO'), (3, 2, 'migrapro', 'german_resettler', 'MIGRAPRO'),
    (3, 3, 'migrapro', 'german_naturalised_or_second_citizenship', 'MIGRAPRO'),
    (3, 4, 'migrapro', 'german_born_abroad_or_arrived', 'MIGRAPRO'), (3, 5, 'migrapro', 'child_of_migration_household', 'MIGRAPRO'),
    (3, 9, 'migrapro', 'with', 'MIGRAPRO'), (4, 0, 'ewg2021', 'none', 'EWG2021'), (4, 1, 'ewg2021', 'immigrated', 'EWG2021'),
    (4, 2, 'ewg2021', 'both_parents', 'EWG2021'), (4, 3, 'ewg2021', 'one_parent', 'EWG2021'),
    (4, 4, 'ewg2021', 'not_determinable', 'EWG2021'), (4, 9, 'ewg2021', 'with', 'EWG2021'), (5, 0, 'generation', 'none', 'MELDE_WUP'),
    (5, 1, 'generation', 'first', 'MELDE_WUP'), (5, 2, 'generation', 'second_or_later', 'MELDE_WUP'),
    (5, 3, 'generation', 'unknown', 'MELDE_WUP')
) as t (scheme, class, category_scheme, category, migration_concept);

create temp table whole as
from split
union all
select
    period,
    area_code,
    sex,
    age_group,
    scheme,
    9 as class,
    sum(persons) as persons,
    sum(months) as months
from split
where (scheme in (2, 3) and class > 0) or (scheme = 4 and class in (1, 2))
group by all;

create table counted as
with

period as (
    select distinct period from leaf
),

here as (
    select distinct ancestor_code as area_code from ancestor
),

residents as (
    select
        here.area_code,
        period.period,
        sexes.sex,
        ages.age_group,
        class_name.scheme,
        class_name.class,
        coalesce(whole.persons, 0) as persons,
        coalesce(whole.months, 0) as months
    from here
    cross join period
    cross join (values (0), (1), (2), (3)) as sexes (sex)
    cross join (
        values ('00_03'), ('03_06'), ('06_10'), ('10_15'), ('15_18'), ('18_25'), ('25_45'), ('45_65'), ('65_plus'), ('00_06'),
        ('00_15'), ('00_18'), ('15_65'), ('total')
    ) as ages (age_group)
    cross join class_name
    left join whole
        on
            here.area_code = whole.area_code
            and period.period = whole.period
            and sexes.sex = whole.sex
            and ages.age_group = whole.age_group
            and class_name.scheme = whole.scheme
            and class_name.class = whole.class
    where class_name.scheme < 5 or sexes.sex = 0
),

-- figures that are not split by sex and age, at the Quartiere
single as (
    select
        unnest(
            [
                'foreign_residents', 'residence_months', 'residents_arrival_known', 'register_birth_state_missing',
                'register_german_kind_missing'
            ]
        ) as measure_id,
        period,
        quartier,
        'total' as origin,
        'none' as category_scheme,
        'total' as category,
        unnest(
            [sum(persons) filter (wup = 1), sum(stay), sum(stay_known), sum(birth_missing), sum(kind_lost)]
        ) as value
    from leaf
    where is_by_concept = 1
    group by period, quartier
    union all
    select
        'foreign_residents' as measure_id,
        period,
        quartier,
        citizenship as origin,
        'none' as category_scheme,
        'total' as category,
        sum(persons) as value
    from leaf
    where is_by_concept = 0 and citizenship is not null
    group by period, quartier, citizenship
    union all
    select
        'foreign_residents' as measure_id,
        period,
        quartier,
        'total' as origin,
        'duration_band' as category_scheme,
        ['00_01', '01_05', '05_08', '08_10', '10_20', '20_plus', 'unknown'][band] as category,
        sum(persons) as value
    from leaf
    where is_by_concept = 0 and band is not null
    group by period, quartier, band
    union all
    select
        'households' as measure_id,
        period,
        quartier,
        'total' as origin,
        unnest(['none', 'household_type']) as category_scheme,
        unnest(['total', household_type]) as category,
        households as value
    from (
        select
            period,
            quartier,
            case
                when persons = 1 then 'single'
                when persons = 2 and parents = 2 then 'couple'
                when minors > 0 and parents = 2 and parents + children = persons then 'couple_with_children'
                when minors > 0 and parents = 1 and parents + children = persons then 'lone_parent'
                else 'other'
            end as household_type,
            sum(heads) as households
        from household
        where heads > 0
        group by all
    )
    union all
    select
        'residents_secondary' as measure_id,
        period,
        quartier,
        'total' as origin,
        'none' as category_scheme,
        'total' as category,
        count(*) as value
    from landings
    where residence = 'secondary'
    group by period, quartier
),

single_sums as (
    select
        single.measure_id,
        ancestor.ancestor_code as area_code,
        single.period,
        single.origin,
        single.category_scheme,
        single.category,
        sum(single.value) as value
    from single
    inner join ancestor on single.quartier = ancestor.area_code
    group by all
),

single_codes as (
    select distinct
        measure_id,
        period,
        origin,
        category_scheme,
        category
    from single
    union
    select
        measure_id,
        period.period,
        'total' as origin,
        category_scheme,
        category
    from (
        select
            'foreign_residents' as measure_id,
            'duration_band' as category_scheme,
            unnest(['00_01', '01_05', '05_08', '08_10', '10_20', '20_plus', 'unknown']) as category
        union all
        select
            'households' as measure_id,
            'household_type' as category_scheme,
            unnest(['single', 'couple', 'couple_with_children', 'lone_parent', 'other']) as category
        union all
        select
            unnest(['residents_secondary', 'households']) as measure_id,
            'none' as category_scheme,
            'total' as category
    )
    cross join period
)

select
    'residents' as measure_id,
    area_code,
    period,
    ['total', 'm', 'f', 'diverse'][sex + 1] as sex,
    age_group,
    'total' as origin,
    category_scheme,
    category,
    cast(persons as double) as value,
    migration_concept
from residents
inner join class_name using (scheme, class)
union all
select
    'residents_age_months' as measure_id,
    area_code,
    period,
    ['total', 'm', 'f', 'diverse'][sex + 1] as sex,
    'total' as age_group,
    'total' as origin,
    category_scheme,
    category,
    cast(months as double) as value,
    migration_concept
from residents
inner join class_name using (scheme, class)
where age_group = 'total' and (scheme < 2 or (scheme = 2 and class in (0, 9)))
union all
select
    single_codes.measure_id,
    here.area_code,
    single_codes.period,
    'total' as sex,
    'total' as age_group,
    single_codes.origin,
    single_codes.category_scheme,
    single_codes.category,
    cast(coalesce(single_sums.value, 0) as double) as value,
    case when single_codes.measure_id = 'foreign_residents' then 'STAAT' end as migration_concept
from single_codes
cross join here
left join single_sums
    on
        single_codes.measure_id = single_sums.measure_id
        and here.area_code = single_sums.area_code
        and single_codes.period = single_sums.period
        and single_codes.origin = single_sums.origin
        and single_codes.category_scheme = single_sums.category_scheme
        and single_codes.category = single_sums.category;
