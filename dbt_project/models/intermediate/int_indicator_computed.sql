-- value = factor * sum(weight * part) over the numerator / the same over the denominator, or a reason why there is none.
with

keys as (
    select * from {{ ref('int_indicator_key') }}
),

parts as (
    select * from {{ ref('int_indicator_part') }}
),

indicators as (
    select * from {{ source('catalogue', 'indicator') }}
),

statuses as (
    select * from {{ ref('obs_status_code') }}
),

thresholds as (
    select distinct
        source_id,
        measure_id,
        minimum_denominator
    from {{ source('catalogue', 'disclosure_rule') }}
    where minimum_denominator is not null
),

-- a figure rounded to 5 is off by at most 2, a rate delivered with one decimal by at most half of it
rounded as (
    select
        parts.*,
        case when parts.role = 'denominator' then thresholds.minimum_denominator end as minimum_denominator,
        abs(parts.weight) * case
            when parts.unit in ('percent', 'persons_per_km2') then 0.05
            when parts.rounding_base > 1 then parts.rounding_base // 2
            else 0
        end as rounding_error
    from parts
    left join thresholds on parts.source_id = thresholds.source_id and parts.measure_id = thresholds.measure_id
),

terms as (
    select
        value_key,
        role,
        term_no,
        any_value(expected_parts) as expected_parts,
        count(source_id) as found_parts,
        count(value) as known_parts,
        sum(cast(value as decimal(24, 6)) * cast(weight as decimal(9, 3))) as weighted_sum,
        bool_or(coalesce(provisional, false)) as provisional,
        bool_or(coalesce(is_synthetic, false)) as is_synthetic,
        max(migration_concept) as migration_concept,
        min(population_base) filter (where population_base <> 'NONE') as first_base,
        max(population_base) filter (where population_base <> 'NONE') as last_base,
        bool_or(obs_status <> 'A' or conf_status <> 'F' or status_reason is not null) as is_marked,
        sum(rounding_error) as rounding_error,
        max(minimum_denominator) as minimum_denominator
    from rounded
    group by value_key, role, term_no
),

summed as (
    select
        value_key,
        sum(weighted_sum) filter (where role = 'numerator') as numerator_sum,
        sum(weighted_sum) filter (where role = 'denominator') as denominator_sum,
        bool_or(role = 'denominator') as has_denominator,
        bool_or(found_parts < expected_parts) as is_part_missing,
        bool_or(found_parts > expected_parts) as is_part_ambiguous,
        bool_or(known_parts < found_parts) as is_part_unknown,
        bool_or(provisional) as provisional,
        bool_or(is_synthetic) as is_synthetic,
        min_by(migration_concept, (role <> 'numerator', term_no)) as migration_concept,
        min(first_base) as first_base,
        max(last_base) as last_base,
        bool_or(is_marked) as is_marked,
        sum(rounding_error) filter (where role = 'numerator') as numerator_error,
        coalesce(sum(rounding_error) filter (where role = 'denominator'), 0) as denominator_error,
        max(minimum_denominator) as minimum_denominator
    from terms
    group by value_key
),

-- most values rest on plain figures of one base: the order of marks and bases is looked at only for the others
marked as (
    select value_key
    from summed
    where is_marked
),

mixed as (
    select value_key
    from summed
    where first_base <> last_base
),

marked_parts as (
    select
        parts.*,
        coalesce(statuses.precedence, 99) as precedence,
        coalesce(list_position(['C', 'A', 'D', 'N', 'E'], parts.conf_status), 99) as conf_precedence,
        concat_ws(' ', parts.source_id, parts._delivery_id, parts._sheet, parts._row, parts._column) as place
    from parts
    semi join marked on parts.value_key = marked.value_key
    left join statuses on parts.obs_status = statuses.code
    where parts.source_id is not null
),

marks as (
    select
        value_key,
        min(struct_pack(precedence, place, obs_status, status_reason)) as worst,
        min(struct_pack(conf_precedence, conf_status)) as most_confidential
    from marked_parts
    group by value_key
),

several_bases as (
    select
        parts.value_key,
        parts.population_base as base,
        bool_or(parts.role = 'numerator') as is_of_numerator
    from parts
    semi join mixed on parts.value_key = mixed.value_key
    where parts.population_base <> 'NONE'
    group by parts.value_key, parts.population_base
),

-- the numerator's base is named first
named_bases as (
    select
        value_key,
        string_agg(base, '/' order by is_of_numerator desc, base asc) as population_base
    from several_bases
    group by value_key
),

described as (
    select
        summed.*,
        keys.* exclude (value_key, each_sex, each_age_group, each_origin, each_category, leading_base),
        indicators.factor,
        indicators.unit,
        coalesce(indicators.migration_concept, summed.migration_concept) as stated_concept,
        coalesce(named_bases.population_base, summed.first_base, 'NONE') as population_base,
        coalesce(marks.worst.obs_status, 'A') as worst_status,
        marks.worst.status_reason as worst_reason,
        case
            when marks.most_confidential.conf_precedence < 99 then marks.most_confidential.conf_status
            else 'F'
        end as conf_status,
        named_bases.value_key is not null and indicators.mixed_base as is_mixed,
        named_bases.value_key is not null and not indicators.mixed_base as is_incompatible,
        (keys.sex = 'total' or not keys.each_sex)
        and (keys.age_group = 'total' or not keys.each_age_group)
        and (keys.origin = 'total' or not keys.each_origin)
        and (keys.category = 'total' or not keys.each_category) as is_headline
    from summed
    inner join keys on summed.value_key = keys.value_key
    inner join indicators on keys.indicator_id = indicators.indicator_id
    left join marks on summed.value_key = marks.value_key
    left join named_bases on summed.value_key = named_bases.value_key
),

judged as (
    select
        *,
        case
            when is_incompatible then 'incompatible_base'
            when is_part_unknown then 'part_unknown'
            when is_part_missing then 'part_missing'
            when is_part_ambiguous then 'part_ambiguous'
            when has_denominator and denominator_sum = 0 then 'denominator_zero'
            when has_denominator and denominator_sum < minimum_denominator then 'small_denominator'
        end as obstacle
    from described
)

select
    value_key,
    indicator_id,
    area_code,
    period,
    period_kind,
    period_start,
    period_end,
    reporting_year,
    sex,
    age_group,
    origin,
    category_scheme,
    category,
    case
        when obstacle is not null then null
        when has_denominator then factor * cast(numerator_sum as double) / cast(denominator_sum as double)
        else factor * cast(numerator_sum as double)
    end as value,
    unit,
    case
        when obstacle is null or obstacle = 'part_unknown' then worst_status
        when obstacle = 'small_denominator' then 'Q'
        else 'M'
    end as obs_status,
    case when obstacle = 'small_denominator' then 'C' else conf_status end as conf_status,
    case
        when obstacle is not null and obstacle <> 'part_unknown' then obstacle
        when obstacle is null and is_mixed then coalesce(worst_reason, 'mixed_base')
        else worst_reason
    end as status_reason,
    case when obstacle is null or obstacle = 'denominator_zero' then cast(numerator_sum as double) end as numerator,
    case when obstacle is null or obstacle = 'denominator_zero' then cast(denominator_sum as double) end as denominator,
    -- how far rounded parts may put the value off, in its unit
    case
        when obstacle is not null then null
        when has_denominator
            then
                factor * (numerator_error + abs(cast(numerator_sum / denominator_sum as double)) * denominator_error)
                / abs(cast(denominator_sum as double))
        else abs(factor) * numerator_error
    end as rounding_error,
    population_base,
    stated_concept as migration_concept,
    is_synthetic,
    provisional,
    is_headline
from judged
