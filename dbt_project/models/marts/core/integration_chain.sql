with

stages as (
    select * from {{ ref('life_stage') }}
),

indicators as (
    select * from {{ source('catalogue', 'indicator') }}
    where stands_for_stage
),

profile as (
    select * from {{ source('catalogue', 'profile') }}
),

headlines as (
    select * from {{ ref('int_indicator_computed') }}
    where is_headline and value is not null
),

compared as (
    select * from {{ ref('indicator_comparison') }}
),

gaps as (
    select * from {{ ref('indicator_gap') }}
),

-- the newest value of the city
newest as (
    select
        headlines.*,
        row_number() over (
            partition by headlines.indicator_id
            order by headlines.period desc, headlines.age_group asc, headlines.population_base desc
        ) as choice
    from headlines
    inner join profile on headlines.area_code = profile.city
),

of_the_city as (
    select
        newest.*,
        compared.trend_class
    from newest
    inner join compared
        on
            newest.indicator_id = compared.indicator_id
            and newest.area_code = compared.area_code
            and newest.period = compared.period
            and newest.sex = compared.sex
            and newest.age_group = compared.age_group
            and newest.origin = compared.origin
            and newest.category_scheme = compared.category_scheme
            and newest.category = compared.category
            and newest.population_base = compared.population_base
    where newest.choice = 1
),

-- the group the monitoring is about: foreign nationals, or residents with a migration background
of_the_group as (
    select
        of_the_city.indicator_id,
        gaps.value,
        gaps.difference_to_whole,
        gaps.equal_share_ratio,
        gaps.is_synthetic
    from of_the_city
    inner join gaps
        on
            of_the_city.indicator_id = gaps.indicator_id
            and of_the_city.area_code = gaps.area_code
            and of_the_city.period = gaps.period
            and of_the_city.sex = gaps.sex
            and of_the_city.age_group = gaps.age_group
            and of_the_city.population_base = gaps.population_base
    where
        (gaps.dimension = 'origin' and gaps.origin = 'foreign' and of_the_city.category = gaps.category)
        or (
            gaps.dimension = 'category'
            and of_the_city.origin = gaps.origin
            and gaps.category = if(gaps.category_scheme = 'staat', 'foreign', 'with')
        )
)

select
    cast(stages.stage_no as integer) as stage_no,
    stages.life_stage,
    stages.name_de,
    stages.name_en,
    indicators.indicator_id,
    of_the_city.area_code,
    of_the_city.period,
    of_the_city.value,
    of_the_group.value as group_value,
    of_the_group.difference_to_whole,
    of_the_group.equal_share_ratio,
    of_the_city.unit,
    of_the_city.trend_class,
    indicators.desired_direction,
    coalesce(of_the_group.is_synthetic, of_the_city.is_synthetic) as is_synthetic
from stages
inner join indicators on stages.life_stage = indicators.life_stage
left join of_the_city on indicators.indicator_id = of_the_city.indicator_id
left join of_the_group on indicators.indicator_id = of_the_group.indicator_id
