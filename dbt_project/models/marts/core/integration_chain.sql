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

compared as (
    select * from {{ ref('indicator_comparison') }}
),

gaps as (
    select * from {{ ref('indicator_gap') }}
),

-- the group the monitoring is about: foreign nationals, or residents with a migration background
of_the_group as (
    select *
    from gaps
    where
        sex = 'total'
        and (
            (dimension = 'origin' and origin = 'foreign' and category = 'total')
            or (dimension = 'category' and category in ('with', 'foreign') and origin = 'total')
        )
),

-- the newest value of all residents, or of the group where the indicator knows no other
of_the_city as (
    select
        compared.*,
        row_number() over (
            partition by compared.indicator_id
            order by
                (compared.origin = 'total') desc,
                (compared.category = 'total') desc,
                compared.period desc,
                (compared.age_group = 'total') desc,
                compared.age_group asc,
                compared.population_base desc
        ) as choice
    from compared
    inner join profile on compared.area_code = profile.city
    where
        compared.value is not null
        and compared.sex = 'total'
        and compared.origin in ('total', 'foreign')
        and compared.category in ('total', 'with', 'foreign')
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
    coalesce(of_the_group.is_synthetic, false) as is_synthetic
from stages
inner join indicators on stages.life_stage = indicators.life_stage
left join of_the_city on indicators.indicator_id = of_the_city.indicator_id and of_the_city.choice = 1
left join of_the_group
    on
        of_the_city.indicator_id = of_the_group.indicator_id
        and of_the_city.area_code = of_the_group.area_code
        and of_the_city.period = of_the_group.period
        and of_the_city.age_group = of_the_group.age_group
        and of_the_city.population_base = of_the_group.population_base
