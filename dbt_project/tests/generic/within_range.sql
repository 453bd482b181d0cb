{% test within_range(model, column, lowest=none, highest=none, where='true') %}
select *
from {{ model }}
where
    {{ where }}
    and (
        false
        {%- if lowest is not none %}
        or {{ column }} < {{ lowest }}
        {%- endif %}
        {%- if highest is not none %}
        or {{ column }} > {{ highest }}
        {%- endif %}
    )
{% endtest %}
