#include "harness/manifest/schema_parts.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "harness/manifest/manifest_rules.h"

#define MOST_RULES 32

/* One rule over the keys right inside an object. Where a sweep sets one of the keys that it reads, or the object as a
 * whole, what stands in the template is not what a trial has, and the schema leaves the rule to the program. */
typedef struct rule {
    ftdn_key_id object; /* FTDN_KEY_ROOT for the outermost keys */
    ftdn_key_id about;  /* names the rule: the required key, the chooser, the first of a pair */
    bool reads[FTDN_N_KEYS];
    bool by_default[FTDN_N_KEYS];   /* of those: a default of the manifest lifts the rule */
    const ftdn_detail_rule *detail; /* [n_details] rows of one chooser */
    int n_details;
    const ftdn_pair_rule *pair;
    const ftdn_word_rule *word; /* neither details nor a pair nor a word: the key is required */
} rule;

static int add_required(rule *rules, int n_rules)
{
    for (int i = 1; i < FTDN_N_KEYS; i++) {
        ftdn_key_id key = (ftdn_key_id)i;
        if (!ftdn_manifest_keys[key].required || !ftdn_manifest_keys[key].swept) continue;
        assert(n_rules < MOST_RULES);
        rule *fresh = &rules[n_rules++];
        *fresh = (rule){.object = ftdn_key_parent(key), .about = key};
        fresh->reads[key] = fresh->by_default[key] = true;
    }
    return n_rules;
}

static int add_details(rule *rules, int n_rules)
{
    int n_rows;
    const ftdn_detail_rule *row = ftdn_detail_rules(&n_rows);
    for (int i = 0; i < n_rows; i++) {
        if (i == 0 || row[i].chooser != row[i - 1].chooser) {
            assert(n_rules < MOST_RULES);
            rules[n_rules++] =
                (rule){.object = ftdn_key_parent(row[i].chooser), .about = row[i].chooser, .detail = &row[i]};
        }
        rule *group = &rules[n_rules - 1];
        group->n_details++;
        group->reads[row[i].chooser] = group->by_default[row[i].chooser] = true;
        group->reads[row[i].key] = true;
        if (row[i].needs) group->by_default[row[i].key] = true;
    }
    return n_rules;
}

static int add_pairs(rule *rules, int n_rules)
{
    int n_rows;
    const ftdn_pair_rule *row = ftdn_pair_rules(&n_rows);
    for (int i = 0; i < n_rows; i++) {
        assert(n_rules < MOST_RULES);
        rule *fresh = &rules[n_rules++];
        *fresh = (rule){.object = ftdn_key_parent(row[i].key), .about = row[i].key, .pair = &row[i]};
        fresh->reads[row[i].key] = fresh->reads[row[i].other] = true;
    }
    return n_rules;
}

static int add_words(rule *rules, int n_rules)
{
    int n_rows;
    const ftdn_word_rule *row = ftdn_word_rules(&n_rows);
    for (int i = 0; i < n_rows; i++) {
        assert(n_rules < MOST_RULES);
        rule *fresh = &rules[n_rules++];
        *fresh = (rule){.object = ftdn_key_parent(row[i].key), .about = row[i].chooser, .word = &row[i]};
        fresh->reads[row[i].chooser] = fresh->reads[row[i].key] = true;
        fresh->by_default[row[i].chooser] = fresh->by_default[row[i].key] = true;
    }
    return n_rules;
}

/* rules: [MOST_RULES]. Answers how many there are. */
static int find_rules(rule *rules)
{
    return add_words(rules, add_pairs(rules, add_details(rules, add_required(rules, 0))));
}

/* `"required": ["a"]` */
static void put_required(ftdn_key_id key, ftdn_text *text)
{
    ftdn_text_append(text, "\"required\": [\"%s\"]", ftdn_key_last_name(key));
}

/* What follows from one value of the chooser: `"properties": {"a": false}, "required": ["b"]`. */
static void put_consequences(const rule *r, const char *choice, ftdn_text *text)
{
    const char *separator = "";
    ftdn_schema_put(text, "'properties': {");
    for (int i = 0; i < r->n_details; i++) {
        if (r->detail[i].belongs(choice)) continue;
        ftdn_text_append(text, "%s\"%s\": false", separator, ftdn_key_last_name(r->detail[i].key));
        separator = ", ";
    }
    ftdn_schema_put(text, "}, 'required': [");
    separator = "";
    for (int i = 0; i < r->n_details; i++) {
        if (!r->detail[i].needs || !r->detail[i].needs(choice)) continue;
        ftdn_text_append(text, "%s\"%s\"", separator, ftdn_key_last_name(r->detail[i].key));
        separator = ", ";
    }
    ftdn_text_append(text, "]");
}

/* Which words the other key may have beside one value of the chooser: `"properties": {"a": {"enum": ["b"]}}`. */
static void put_words(const ftdn_word_rule *word, const char *choice, ftdn_text *text)
{
    int n_words;
    const char *const *known = ftdn_manifest_keys[word->key].choices(&n_words), *separator = "";
    ftdn_text_append(text, "\"properties\": {\"%s\": {\"enum\": [", ftdn_key_last_name(word->key));
    for (int i = 0; i < n_words; i++) {
        if (!word->knows(choice, known[i])) continue;
        ftdn_text_append(text, "%s\"%s\"", separator, known[i]);
        separator = ", ";
    }
    ftdn_text_append(text, "]}}");
}

static bool is_default(const ftdn_key *key, const char *choice)
{
    const char *quoted = key->default_json;
    return quoted && strlen(quoted) == strlen(choice) + 2 && strncmp(quoted + 1, choice, strlen(choice)) == 0;
}

/* For each value of the chooser what follows from it; from its default also where it is not given. */
static void put_choices(const rule *r, ftdn_text *text)
{
    const ftdn_key *chooser = &ftdn_manifest_keys[r->about];
    const char *name = ftdn_key_last_name(r->about);
    int n_choices;
    const char *const *choice = chooser->choices(&n_choices);
    ftdn_schema_put(text, "{'allOf': [");
    for (int i = 0; i < n_choices; i++) {
        ftdn_text_append(text, "%s{\"if\": {\"properties\": {\"%s\": {\"const\": \"%s\"}}", i ? ", " : "", name,
                         choice[i]);
        if (!is_default(chooser, choice[i])) {
            ftdn_text_append(text, ", ");
            put_required(r->about, text);
        }
        ftdn_schema_put(text, "}, 'then': {");
        if (r->word) put_words(r->word, choice[i], text);
        else put_consequences(r, choice[i], text);
        ftdn_text_append(text, "}}");
    }
    ftdn_text_append(text, "]}");
}

static void put_pair(const ftdn_pair_rule *pair, ftdn_text *text)
{
    const char *key = ftdn_key_last_name(pair->key), *other = ftdn_key_last_name(pair->other);
    ftdn_text_append(text, "{\"not\": {\"required\": [\"%s\", \"%s\"]", key, other);
    if (pair->above_0)
        ftdn_text_append(text,
                         ", \"properties\": {\"%s\": {\"exclusiveMinimum\": 0}, \"%s\": {\"exclusiveMinimum\": 0}}",
                         key, other);
    ftdn_text_append(text, "}}");
}

/* What the rule asks of its object. */
static void put_body(const rule *r, ftdn_text *text)
{
    if (r->n_details > 0 || r->word) {
        put_choices(r, text);
    } else if (r->pair) {
        put_pair(r->pair, text);
    } else {
        ftdn_text_append(text, "{");
        put_required(r->about, text);
        ftdn_text_append(text, "}");
    }
}

/* A pattern of the dotted keys that set what the rule reads. */
static void put_pattern(const rule *r, ftdn_text *text)
{
    const char *object = ftdn_manifest_keys[r->object].path, *separator = "";
    ftdn_text_append(text, "^(%s%s", object, object[0] ? "|" : "");
    for (int key = 0; key < FTDN_N_KEYS; key++) {
        if (!r->reads[key]) continue;
        ftdn_text_append(text, "%s", separator);
        for (const char *c = ftdn_manifest_keys[key].path; *c; c++)
            ftdn_text_append(text, "%s%c", *c == '.' ? "\\\\" : "", *c);
        separator = "|";
    }
    /* A required object is given by any key inside it. */
    ftdn_text_append(text, object[0] ? ")$" : ")(\\\\.|$)");
}

/* A rule and what is defined about it: "rule.required.dataset.kind". */
static const char *get_kind(const rule *r)
{
    if (r->n_details > 0) return "choice";
    if (r->word) return "word";
    return r->pair ? "pair" : "required";
}

/* As ftdn_schema_put; "@OBJECT" is the path of the rule's object, "@word" a reference to what is defined about the
 * rule by that word. */
static void put(const rule *r, const char *words, ftdn_text *text)
{
    while (*words) {
        char piece[256];
        size_t n_chars = strcspn(words, "@");
        if (n_chars == 0) n_chars = 1 + strspn(words + 1, "abcdefghijklmnopqrstuvwxyzOBJECT");
        assert(n_chars < sizeof piece);
        snprintf(piece, sizeof piece, "%.*s", (int)n_chars, words);
        words += n_chars;
        if (!strcmp(piece, "@OBJECT")) ftdn_text_append(text, "%s", ftdn_manifest_keys[r->object].path);
        else if (*piece != '@') ftdn_schema_put(text, piece);
        else
            ftdn_text_append(text, "{\"$ref\": \"#/$defs/%s.%s.%s\"}", piece + 1, get_kind(r),
                             ftdn_manifest_keys[r->about].path);
    }
}

static void begin_definition(const char *what, const rule *r, ftdn_text *text)
{
    ftdn_text_append(text, ",\n    \"%s.%s.%s\": ", what, get_kind(r), ftdn_manifest_keys[r->about].path);
}

/* An object of dotted keys that sets nothing of what the rule reads. */
static void put_other_keys(const rule *r, ftdn_text *text)
{
    ftdn_schema_put(text, "{'propertyNames': {'not': {'pattern': '");
    put_pattern(r, text);
    ftdn_schema_put(text, "'}}}");
}

/* A sweep of such objects. */
static const char silent[] =
    "{'properties': {'set': @other, 'grid': @other, 'zip': {'allOf': [@other, {'items': @other}]},"
    " 'sample': {'properties': {'keys': @other}}, 'include': {'items': @other}}}";

/* Some sweep leaves the template as it stands. */
static const char plain[] =
    "{'anyOf': [{'properties': {'sweep': false, 'sweeps': false}},"
    " {'required': ['sweep'], 'properties': {'sweep': @silent}},"
    " {'required': ['sweeps'], 'properties': {'sweeps': {'not': {'additionalProperties': {'not': @silent}}}}}]}";

/* An object of axes, in whose lists the rule's object stands whole. */
static const char axes[] = "{'properties': {'@OBJECT': {'items': @rule}}}";

/* Objects that stand whole in a sweep, where no combination is excluded. */
static const char whole[] =
    "{'if': {'properties': {'exclude': false}}, 'then': {'properties': {'grid': @axes,"
    " 'zip': {'allOf': [@axes, {'items': @axes}]}, 'include': {'items': {'properties': {'@OBJECT': @rule}}}}}}";

void ftdn_schema_put_rule_definitions(ftdn_text *text)
{
    rule rules[MOST_RULES];
    int n_rules = find_rules(rules);
    for (int i = 0; i < n_rules; i++) {
        const rule *r = &rules[i];
        begin_definition("rule", r, text);
        put_body(r, text);
        begin_definition("other", r, text);
        put_other_keys(r, text);
        begin_definition("silent", r, text);
        put(r, silent, text);
        begin_definition("plain", r, text);
        put(r, plain, text);
        if (r->object == FTDN_KEY_ROOT) continue;
        begin_definition("axes", r, text);
        put(r, axes, text);
        begin_definition("whole", r, text);
        put(r, whole, text);
    }
}

/* Neither another manifest nor a default can give what the rule asks for. */
static void put_alone(const rule *r, ftdn_text *text)
{
    const char *separator = "";
    bool is_inside = r->object != FTDN_KEY_ROOT;
    ftdn_schema_put(text, "{'properties': {'extends': false, 'defaults': {'properties': {");
    if (is_inside) ftdn_text_append(text, "\"%s\": {\"properties\": {", ftdn_manifest_keys[r->object].path);
    for (int i = 0; i < FTDN_N_KEYS; i++) {
        if (!r->by_default[i]) continue;
        ftdn_text_append(text, "%s\"%s\": false", separator, ftdn_key_last_name((ftdn_key_id)i));
        separator = ", ";
    }
    ftdn_text_append(text, is_inside ? "}}}}}}" : "}}}}");
}

static void put_rule(const rule *r, ftdn_text *text)
{
    ftdn_schema_put(text, "{'if': ");
    put_alone(r, text);
    put(r, ", 'then': {'if': @plain, 'then': ", text);
    if (r->object == FTDN_KEY_ROOT) put(r, "@rule}}", text);
    else
        put(r,
            "{'properties': {'@OBJECT': @rule}},"
            " 'properties': {'sweep': @whole, 'sweeps': {'additionalProperties': @whole}}}}",
            text);
}

void ftdn_schema_put_rules(ftdn_text *text)
{
    rule rules[MOST_RULES];
    int n_rules = find_rules(rules);
    ftdn_schema_put(text, "\n    {'not': {'required': ['sweep', 'sweeps']}},"
                          "\n    {'if': {'properties': {'extends': false}}, 'then': {'required': [");
    const char *separator = "";
    for (int key = 1; key < FTDN_N_KEYS; key++) {
        bool is_outermost = ftdn_key_parent((ftdn_key_id)key) == FTDN_KEY_ROOT;
        if (!is_outermost || !ftdn_manifest_keys[key].required || ftdn_manifest_keys[key].swept) continue;
        ftdn_text_append(text, "%s\"%s\"", separator, ftdn_manifest_keys[key].path);
        separator = ", ";
    }
    ftdn_text_append(text, "]}}");
    for (int i = 0; i < n_rules; i++) {
        ftdn_text_append(text, ",\n    ");
        put_rule(&rules[i], text);
    }
}
