-- The same quantity in several registers, each number beside that of the population register of the same year.
with

terms as (
    select * from {{ source('catalogue', 'reconciliation') }}
),

measures as (
    select * from {{ source('catalogue', 'measure') }}
),

profile as (
    select * from {{ source('catalogue', 'profile') }}
),

figures as (
    select * from {{ ref('fct_measure') }}
),

statuses as (
    select * from {{ ref('obs_status_code') }}
),

parts as (
    select
        terms.*,
        figures.area_code,
        figures.reporting_year,
        figures.period_end,
        figures.value,
        figures.unit,
        figures.obs_status,
        statuses.precedence,
        figures.is_synthetic
    from terms
    inner join figures
        on
            terms.measure_id = figures.measure_id
            and terms.population_base = figures.population_base
            and terms.age_group = figures.age_group
            and terms.origin = figures.origin
            and terms.category_scheme = figures.category_scheme
            and terms.category = figures.category
    inner join statuses on figures.obs_status = statuses.code
    -- below the city there is one register only
    inner join profile on figures.area_code = profile.city
    where figures.sex = 'total' and figures.period_kind = 'reference_date'
),

sums as (
    select
        quantity_id,
        name_de,
        name_en,
        population_base,
        measure_id,
        is_reference,
        tolerance,
        explanation_de,
        explanation_en,
        area_code,
        reporting_year,
        period_end,
        unit,
        case when count(*) = count(value) then sum(value) end as value,
        min_by(obs_status, precedence) as obs_status,
        bool_or(is_synthetic) as is_synthetic
    from parts
    group by all
    having count(*) = any_value(expected_parts)
),

-- a register with several key dates in a year stands with the last one
latest as (
    select *
    from sums
    qualify row_number() over (
        partition by quantity_id, population_base, measure_id, area_code, reporting_year
        order by period_end desc
    ) = 1
),

compared as (
    select
        latest.*,
        reference.value as reference_value,
        latest.is_synthetic or coalesce(reference.is_synthetic, false) as is_any_synthetic,
        latest.value - reference.value as difference
    from latest
    left join latest as reference
        on
            latest.quantity_id = reference.quantity_id
            and latest.area_code = reference.area_code
            and latest.reporting_year = reference.reporting_year
            and reference.is_reference
)

select
    compared.quantity_id,
    compared.area_code,
    cast(make_date(compared.reporting_year, 12, 31) as varchar) as period,
    compared.population_base,
    compared.measure_id,
    compared.period_end as reference_date,
    compared.value,
    compared.unit,
    compared.obs_status,
    compared.is_any_synthetic as is_synthetic,
    compared.reference_value,
    compared.difference,
    case when compared.reference_value <> 0 then 100 * compared.difference / compared.reference_value end
        as difference_percent,
    100 * compared.tolerance as tolerance_percent,
    case
        when compared.is_reference then true
        else abs(compared.difference) <= compared.tolerance * compared.reference_value
    end as is_explained,
    compared.name_de as quantity_de,
    compared.name_en as quantity_en,
    measures.name_de as measure_de,
    measures.name_en as measure_en,
    compared.explanation_de,
    compared.explanation_en
from compared
inner join measures on compared.measure_id = measures.measure_id
order by compared.quantity_id, compared.area_code, period, compared.population_base, compared.measure_id
