#include "engine/pickle.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "engine/pickle_opcodes.h"
#include "engine/pickle_values.h"

#define MAX_VALUES ((size_t)1 << 21) /* pushed in all; about 20 for a tensor */
#define MAX_MARKS 1000               /* open at a time */
#define FIRST_CAPACITY 16             /* of the stack */
#define MAX_SHOWN 80                 /* characters of a name in a message */

static const struct {
    const char *module, *name;
    ftdn_pickle_name meaning;
} allowed_names[] = {
    {"collections", "OrderedDict", FTDN_PICKLE_ORDERED_DICT},
    {"torch", "Size", FTDN_PICKLE_SIZE},
    {"torch._utils", "_rebuild_tensor", FTDN_PICKLE_REBUILD_TENSOR},
    {"torch._utils", "_rebuild_tensor_v2", FTDN_PICKLE_REBUILD_TENSOR_V2},
    {"torch._utils", "_rebuild_parameter", FTDN_PICKLE_REBUILD_PARAMETER},
};

typedef struct value_array {
    ftdn_pickle_value *item;
    size_t n_items, capacity;
} value_array;

typedef struct machine {
    const unsigned char *bytes;
    size_t n_bytes, at; /* at: the next byte to read */
    ftdn_arena *arena;
    value_array stack;
    value_array memo;       /* kind 0: not set */
    size_t n_pushed;        /* in all */
    size_t mark[MAX_MARKS]; /* heights of the stack */
    int n_marks;
    bool stopped;
    ftdn_pickle *pickle;
    ftdn_error *err;
} machine;

#define REFUSE(m, ...) FTDN_FAIL((m)->err, FTDN_ERR_INPUT, __VA_ARGS__)

/* Room for at least n_items; the array abandoned when it moves stays in the arena. */
static ftdn_status reserve(machine *m, ftdn_pickle_value **item, size_t *capacity, size_t n_held, size_t n_items)
{
    if (n_items <= *capacity) return FTDN_OK;
    size_t larger = *capacity * 2 > n_items ? *capacity * 2 : n_items;
    ftdn_pickle_value *fresh = FTDN_NEW(m->arena, larger, ftdn_pickle_value, m->err);
    if (!fresh) return FTDN_ERR_MEMORY;
    if (n_held) memcpy(fresh, *item, n_held * sizeof *fresh);
    *item = fresh;
    *capacity = larger;
    return FTDN_OK;
}

static ftdn_status take(machine *m, size_t n_bytes, const unsigned char **ret_bytes)
{
    if (n_bytes > m->n_bytes - m->at) {
        return REFUSE(m, "%zu more bytes should follow, but only %zu do", n_bytes, m->n_bytes - m->at);
    }
    *ret_bytes = m->bytes + m->at;
    m->at += n_bytes;
    return FTDN_OK;
}

/* An unsigned little-endian number of 1, 2, 4 or 8 bytes. */
static ftdn_status take_number(machine *m, size_t n_bytes, uint64_t *ret_number)
{
    const unsigned char *bytes = NULL;
    FTDN_TRY(take(m, n_bytes, &bytes));
    uint64_t number = 0;
    for (size_t i = 0; i < n_bytes; i++) number |= (uint64_t)bytes[i] << (8 * i);
    *ret_number = number;
    return FTDN_OK;
}

/* The bytes behind a length of n_length_bytes. */
static ftdn_status take_counted(machine *m, size_t n_length_bytes, ftdn_pickle_bytes *ret_bytes)
{
    uint64_t n_chars;
    const unsigned char *chars = NULL;
    FTDN_TRY(take_number(m, n_length_bytes, &n_chars));
    FTDN_TRY(take(m, (size_t)n_chars, &chars));
    *ret_bytes = (ftdn_pickle_bytes){.chars = (const char *)chars, .n_chars = (size_t)n_chars};
    return FTDN_OK;
}

static ftdn_status take_line(machine *m, ftdn_pickle_bytes *ret_line)
{
    const unsigned char *begin = m->bytes + m->at;
    const unsigned char *end = memchr(begin, '\n', m->n_bytes - m->at);
    if (!end) return REFUSE(m, "a name without an end");
    *ret_line = (ftdn_pickle_bytes){.chars = (const char *)begin, .n_chars = (size_t)(end - begin)};
    m->at += ret_line->n_chars + 1;
    return FTDN_OK;
}

static ftdn_status push(machine *m, ftdn_pickle_value value)
{
    if (m->n_pushed >= MAX_VALUES) return REFUSE(m, "more than %zu values", MAX_VALUES);
    FTDN_TRY(reserve(m, &m->stack.item, &m->stack.capacity, m->stack.n_items, m->stack.n_items + 1));
    m->stack.item[m->stack.n_items++] = value;
    m->n_pushed++;
    return FTDN_OK;
}

/* How many values lie above the last mark. */
static size_t n_reachable(const machine *m)
{
    return m->stack.n_items - (m->n_marks ? m->mark[m->n_marks - 1] : 0);
}

/* Take the topmost n values; they stay readable until the next push. */
static ftdn_status pop(machine *m, size_t n, const ftdn_pickle_value **ret_values)
{
    if (n_reachable(m) < n) return REFUSE(m, "%zu values are wanted, the stack has %zu", n, n_reachable(m));
    m->stack.n_items -= n;
    *ret_values = m->stack.item + m->stack.n_items;
    return FTDN_OK;
}

/* Take the mark and all values above it. */
static ftdn_status pop_mark(machine *m, const ftdn_pickle_value **ret_values, size_t *ret_n_values)
{
    if (!m->n_marks) return REFUSE(m, "no mark is set");
    *ret_n_values = n_reachable(m);
    FTDN_TRY(pop(m, *ret_n_values, ret_values));
    m->n_marks--;
    return FTDN_OK;
}

/* The topmost value, which stays, and is of this kind. */
static ftdn_status peek(machine *m, ftdn_pickle_kind kind, ftdn_pickle_value *ret_value)
{
    if (n_reachable(m) < 1) return REFUSE(m, "a value is wanted, the stack has none");
    assert(m->stack.item);
    ftdn_pickle_value top = m->stack.item[m->stack.n_items - 1];
    if (kind && top.kind != kind) {
        return REFUSE(m, "%s stands where %s is wanted", ftdn_pickle_kind_text(top.kind), ftdn_pickle_kind_text(kind));
    }
    *ret_value = top;
    return FTDN_OK;
}

static ftdn_status append(machine *m, ftdn_pickle_items *items, const ftdn_pickle_value *values, size_t n_values)
{
    FTDN_TRY(reserve(m, &items->item, &items->capacity, items->n_items, items->n_items + n_values));
    if (n_values) memcpy(items->item + items->n_items, values, n_values * sizeof *values);
    items->n_items += n_values;
    return FTDN_OK;
}

static ftdn_status push_items(machine *m, ftdn_pickle_kind kind, const ftdn_pickle_value *values, size_t n_values)
{
    ftdn_pickle_items *items = FTDN_NEW(m->arena, 1, ftdn_pickle_items, m->err);
    if (!items) return FTDN_ERR_MEMORY;
    FTDN_TRY(append(m, items, values, n_values));
    return push(m, (ftdn_pickle_value){.kind = kind, .as.items = items});
}

static ftdn_status push_integer(machine *m, int64_t integer)
{
    return push(m, (ftdn_pickle_value){.kind = FTDN_PICKLE_INT, .as.integer = integer});
}

static ftdn_status push_unsigned(machine *m, size_t n_bytes)
{
    uint64_t number;
    FTDN_TRY(take_number(m, n_bytes, &number));
    return push_integer(m, (int64_t)number);
}

static ftdn_status push_int32(machine *m)
{
    uint64_t number;
    FTDN_TRY(take_number(m, 4, &number));
    return push_integer(m, (int32_t)(uint32_t)number);
}

static ftdn_status push_long(machine *m)
{
    ftdn_pickle_bytes bytes;
    FTDN_TRY(take_counted(m, 1, &bytes));
    if (bytes.n_chars > 8) return push(m, (ftdn_pickle_value){.kind = FTDN_PICKLE_BIG_INT, .as.bytes = bytes});
    uint64_t number = 0;
    for (size_t i = 0; i < bytes.n_chars; i++) number |= (uint64_t)(unsigned char)bytes.chars[i] << (8 * i);
    bool negative = bytes.n_chars && (bytes.chars[bytes.n_chars - 1] & 0x80);
    if (negative && bytes.n_chars < 8) number |= UINT64_MAX << (8 * bytes.n_chars);
    return push_integer(m, (int64_t)number);
}

/* A double, the most significant byte first. */
static ftdn_status push_float(machine *m)
{
    const unsigned char *bytes = NULL;
    FTDN_TRY(take(m, 8, &bytes));
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++) bits = bits << 8 | bytes[i];
    ftdn_pickle_value value = {.kind = FTDN_PICKLE_FLOAT};
    memcpy(&value.as.number, &bits, sizeof bits);
    return push(m, value);
}

static ftdn_status push_text(machine *m, size_t n_length_bytes)
{
    ftdn_pickle_value value = {.kind = FTDN_PICKLE_TEXT};
    FTDN_TRY(take_counted(m, n_length_bytes, &value.as.bytes));
    return push(m, value);
}

static ftdn_status push_tuple(machine *m, size_t n_values)
{
    const ftdn_pickle_value *values = NULL;
    FTDN_TRY(pop(m, n_values, &values));
    return push_items(m, FTDN_PICKLE_TUPLE, values, n_values);
}

static ftdn_status push_marked_tuple(machine *m)
{
    const ftdn_pickle_value *values = NULL;
    size_t n_values;
    FTDN_TRY(pop_mark(m, &values, &n_values));
    return push_items(m, FTDN_PICKLE_TUPLE, values, n_values);
}

/* APPEND, SETITEM: one item or pair; APPENDS, SETITEMS: all above the mark. */
static ftdn_status extend(machine *m, ftdn_pickle_kind kind, size_t n_values)
{
    const ftdn_pickle_value *values = NULL;
    if (n_values) FTDN_TRY(pop(m, n_values, &values));
    else FTDN_TRY(pop_mark(m, &values, &n_values));
    if (kind == FTDN_PICKLE_DICT && n_values % 2) return REFUSE(m, "a dict gets a key without a value");
    ftdn_pickle_value target = {0};
    FTDN_TRY(peek(m, kind, &target));
    return append(m, target.as.items, values, n_values);
}

static ftdn_status set_mark(machine *m)
{
    if (m->n_marks == MAX_MARKS) return REFUSE(m, "nested more than %d levels deep", MAX_MARKS);
    m->mark[m->n_marks++] = m->stack.n_items;
    return FTDN_OK;
}

/* The pickle numbers its memo densely, so that an index beyond the values so far is a mistake. */
static ftdn_status put(machine *m, uint64_t index)
{
    ftdn_pickle_value top;
    FTDN_TRY(peek(m, 0, &top));
    if (index > m->n_pushed) {
        return REFUSE(m, "memo entry %llu after %zu values", (unsigned long long)index, m->n_pushed);
    }
    FTDN_TRY(reserve(m, &m->memo.item, &m->memo.capacity, m->memo.n_items, (size_t)index + 1));
    m->memo.item[index] = top;
    if (m->memo.n_items <= index) m->memo.n_items = (size_t)index + 1;
    return FTDN_OK;
}

static ftdn_status put_numbered(machine *m, size_t n_bytes)
{
    uint64_t index;
    FTDN_TRY(take_number(m, n_bytes, &index));
    return put(m, index);
}

static ftdn_status get(machine *m, size_t n_bytes)
{
    uint64_t index;
    FTDN_TRY(take_number(m, n_bytes, &index));
    if (index >= m->memo.n_items || !m->memo.item[index].kind) {
        return REFUSE(m, "memo entry %llu was never set", (unsigned long long)index);
    }
    return push(m, m->memo.item[index]);
}

/* Bytes of a file as they can stand in a message; text has MAX_SHOWN + 1 characters. */
static const char *show(ftdn_pickle_bytes bytes, char *text)
{
    size_t n_chars = bytes.n_chars < MAX_SHOWN ? bytes.n_chars : MAX_SHOWN;
    for (size_t i = 0; i < n_chars; i++) {
        text[i] = bytes.chars[i] >= 0x20 && bytes.chars[i] < 0x7f ? bytes.chars[i] : '?';
    }
    text[n_chars] = 0;
    return text;
}

static ftdn_status push_name(machine *m, ftdn_pickle_bytes module, ftdn_pickle_bytes name)
{
    for (size_t i = 0; i < sizeof allowed_names / sizeof allowed_names[0]; i++) {
        if (ftdn_pickle_bytes_equal(module, allowed_names[i].module) &&
            ftdn_pickle_bytes_equal(name, allowed_names[i].name)) {
            return push(m, (ftdn_pickle_value){.kind = FTDN_PICKLE_NAME, .as.name = allowed_names[i].meaning});
        }
    }
    const ftdn_dtype *dtype =
        ftdn_pickle_bytes_equal(module, "torch") ? ftdn_dtype_find_storage(name.chars, name.n_chars) : NULL;
    if (dtype) return push(m, (ftdn_pickle_value){.kind = FTDN_PICKLE_STORAGE_TYPE, .as.dtype = dtype});
    char module_text[MAX_SHOWN + 1], name_text[MAX_SHOWN + 1];
    return REFUSE(m,
                  "the name '%s.%s' is refused: a weight file may name tensors, their storages and dicts, and no code",
                  show(module, module_text), show(name, name_text));
}

static ftdn_status push_line_name(machine *m)
{
    ftdn_pickle_bytes module, name;
    FTDN_TRY(take_line(m, &module));
    FTDN_TRY(take_line(m, &name));
    return push_name(m, module, name);
}

static ftdn_status push_stack_name(machine *m)
{
    const ftdn_pickle_value *texts = NULL;
    FTDN_TRY(pop(m, 2, &texts));
    FTDN_TRY(ftdn_pickle_require_kind(&texts[0], FTDN_PICKLE_TEXT, "the module of a name", m->err));
    FTDN_TRY(ftdn_pickle_require_kind(&texts[1], FTDN_PICKLE_TEXT, "a name", m->err));
    return push_name(m, texts[0].as.bytes, texts[1].as.bytes);
}

static ftdn_status push_storage(machine *m)
{
    const ftdn_pickle_value *id = NULL;
    ftdn_pickle_value storage;
    FTDN_TRY(pop(m, 1, &id));
    FTDN_TRY(ftdn_pickle_make_storage(m->pickle, id, m->arena, &storage, m->err));
    return push(m, storage);
}

/* No argument, or (Python 2) a list of [key, value] lists. Copies count as pushed values. */
static ftdn_status push_ordered_dict(machine *m, const ftdn_pickle_items *args)
{
    if (args->n_items > 1) return REFUSE(m, "an OrderedDict is made of %zu values", args->n_items);
    FTDN_TRY(push_items(m, FTDN_PICKLE_DICT, NULL, 0));
    if (args->n_items == 0) return FTDN_OK;
    FTDN_TRY(ftdn_pickle_require_kind(&args->item[0], FTDN_PICKLE_LIST, "the content of an OrderedDict", m->err));
    ftdn_pickle_value dict = {0};
    FTDN_TRY(peek(m, FTDN_PICKLE_DICT, &dict));
    const ftdn_pickle_items *pairs = args->item[0].as.items;
    m->n_pushed += pairs->n_items;
    if (m->n_pushed > MAX_VALUES) return REFUSE(m, "more than %zu values", MAX_VALUES);
    for (size_t i = 0; i < pairs->n_items; i++) {
        const ftdn_pickle_value *pair = &pairs->item[i];
        bool is_pair =
            (pair->kind == FTDN_PICKLE_LIST || pair->kind == FTDN_PICKLE_TUPLE) && pair->as.items->n_items == 2;
        if (!is_pair) return REFUSE(m, "item %zu of an OrderedDict is no pair", i);
        FTDN_TRY(append(m, dict.as.items, pair->as.items->item, 2));
    }
    return FTDN_OK;
}

/* Where Python would call the name with the arguments, a value of the kind it stands for is made. */
static ftdn_status reduce(machine *m)
{
    const ftdn_pickle_value *values = NULL;
    FTDN_TRY(pop(m, 2, &values));
    FTDN_TRY(ftdn_pickle_require_kind(&values[0], FTDN_PICKLE_NAME, "what makes a value", m->err));
    FTDN_TRY(ftdn_pickle_require_kind(&values[1], FTDN_PICKLE_TUPLE, "what a value is made of", m->err));
    const ftdn_pickle_items *args = values[1].as.items;
    if (values[0].as.name == FTDN_PICKLE_ORDERED_DICT) return push_ordered_dict(m, args);
    ftdn_pickle_value value;
    FTDN_TRY(ftdn_pickle_make_value(values[0].as.name, args, m->arena, &value, m->err));
    return push(m, value);
}

/* Attributes of an OrderedDict (PyTorch's _metadata) are dropped; nothing else may have any. */
static ftdn_status drop_attributes(machine *m)
{
    const ftdn_pickle_value *state = NULL;
    ftdn_pickle_value target = {0};
    FTDN_TRY(pop(m, 1, &state));
    FTDN_TRY(ftdn_pickle_require_kind(state, FTDN_PICKLE_DICT, "the attributes of a dict", m->err));
    return peek(m, FTDN_PICKLE_DICT, &target);
}

static ftdn_status check_protocol(machine *m)
{
    uint64_t protocol;
    FTDN_TRY(take_number(m, 1, &protocol));
    if (protocol >= 2 && protocol <= 5) return FTDN_OK;
    return REFUSE(m, "pickle protocol %d is not one of 2 to 5", (int)protocol);
}

static ftdn_status stop(machine *m)
{
    if (m->n_marks || m->stack.n_items != 1) {
        return REFUSE(m, "the pickle stops with %zu values on its stack, not 1", m->stack.n_items);
    }
    m->pickle->root = m->stack.item[0];
    m->stopped = true;
    return FTDN_OK;
}

static ftdn_status discard(machine *m)
{
    const ftdn_pickle_value *gone;
    return pop(m, 1, &gone);
}

static ftdn_status discard_marked(machine *m)
{
    const ftdn_pickle_value *gone;
    size_t n_gone;
    return pop_mark(m, &gone, &n_gone);
}

static ftdn_status duplicate(machine *m)
{
    ftdn_pickle_value top;
    FTDN_TRY(peek(m, 0, &top));
    return push(m, top);
}

static ftdn_status skip_frame(machine *m)
{
    uint64_t n_bytes;
    return take_number(m, 8, &n_bytes);
}

static ftdn_status step(machine *m)
{
    const unsigned char *code = NULL;
    FTDN_TRY(take(m, 1, &code));
    switch (*code) {
    case OP_PROTO: return check_protocol(m);
    case OP_FRAME: return skip_frame(m);
    case OP_STOP: return stop(m);
    case OP_MARK: return set_mark(m);
    case OP_POP: return discard(m);
    case OP_POP_MARK: return discard_marked(m);
    case OP_DUP: return duplicate(m);
    case OP_NONE: return push(m, (ftdn_pickle_value){.kind = FTDN_PICKLE_NONE});
    case OP_NEWTRUE: return push(m, (ftdn_pickle_value){.kind = FTDN_PICKLE_BOOL, .as.integer = 1});
    case OP_NEWFALSE: return push(m, (ftdn_pickle_value){.kind = FTDN_PICKLE_BOOL, .as.integer = 0});
    case OP_BININT: return push_int32(m);
    case OP_BININT1: return push_unsigned(m, 1);
    case OP_BININT2: return push_unsigned(m, 2);
    case OP_LONG1: return push_long(m);
    case OP_BINFLOAT: return push_float(m);
    case OP_BINUNICODE: return push_text(m, 4);
    case OP_BINSTRING: return push_text(m, 4);
    case OP_SHORT_BINUNICODE: return push_text(m, 1);
    case OP_SHORT_BINSTRING: return push_text(m, 1);
    case OP_EMPTY_TUPLE: return push_tuple(m, 0);
    case OP_TUPLE1: return push_tuple(m, 1);
    case OP_TUPLE2: return push_tuple(m, 2);
    case OP_TUPLE3: return push_tuple(m, 3);
    case OP_TUPLE: return push_marked_tuple(m);
    case OP_EMPTY_LIST: return push_items(m, FTDN_PICKLE_LIST, NULL, 0);
    case OP_APPEND: return extend(m, FTDN_PICKLE_LIST, 1);
    case OP_APPENDS: return extend(m, FTDN_PICKLE_LIST, 0);
    case OP_EMPTY_DICT: return push_items(m, FTDN_PICKLE_DICT, NULL, 0);
    case OP_SETITEM: return extend(m, FTDN_PICKLE_DICT, 2);
    case OP_SETITEMS: return extend(m, FTDN_PICKLE_DICT, 0);
    case OP_BINPUT: return put_numbered(m, 1);
    case OP_LONG_BINPUT: return put_numbered(m, 4);
    case OP_MEMOIZE: return put(m, m->memo.n_items);
    case OP_BINGET: return get(m, 1);
    case OP_LONG_BINGET: return get(m, 4);
    case OP_GLOBAL: return push_line_name(m);
    case OP_STACK_GLOBAL: return push_stack_name(m);
    case OP_BINPERSID: return push_storage(m);
    case OP_REDUCE: return reduce(m);
    case OP_BUILD: return drop_attributes(m);
    default: return ftdn_pickle_refuse_opcode(*code, m->err);
    }
}

ftdn_status ftdn_pickle_parse(const char *bytes, size_t n_bytes, size_t begin, ftdn_arena *arena,
                              ftdn_pickle *ret_pickle, ftdn_error *err)
{
    ftdn_pickle pickle = {0};
    machine m = {
        .bytes = (const unsigned char *)bytes,
        .n_bytes = n_bytes,
        .at = begin < n_bytes ? begin : n_bytes,
        .arena = arena,
        .pickle = &pickle,
        .err = err,
    };
    FTDN_TRY(reserve(&m, &m.stack.item, &m.stack.capacity, 0, FIRST_CAPACITY)); /* an empty stack has an address, too */
    while (!m.stopped) {
        size_t opcode_at = m.at;
        ftdn_status status = step(&m);
        if (status == FTDN_ERR_INPUT) ftdn_error_context(err, "byte %zu of the pickle", opcode_at);
        if (status != FTDN_OK) return status;
    }
    pickle.end = m.at;
    *ret_pickle = pickle;
    return FTDN_OK;
}
