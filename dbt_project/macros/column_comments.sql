{#- Comments on the columns of a wide view, from the fact sheets: the columns exist only once the catalogue is read. -#}
{% macro comment_on_indicator_columns() -%}
    {% if execute %}
        {%- set columns = adapter.get_columns_in_relation(this) | map(attribute='name') | list -%}
        {% for row in run_query("select indicator_id, name_en, unit from " ~ source('catalogue', 'indicator')) if row[0] in columns %}
            comment on column {{ this }}."{{ row[0] }}" is '{{ row[1] | replace("'", "''") }} ({{ row[2] }})';
        {% endfor %}
    {% endif %}
{%- endmacro %}
