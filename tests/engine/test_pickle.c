#include "engine/pickle.h"

#include "engine/pickle_values.h"
#include "tests/engine/make_pth.h"
#include "tests/support/arena_per_test.h"

static ftdn_pickle parsed;

#define PARSE(literal) ftdn_pickle_parse((literal), sizeof(literal) - 1, 0, &arena, &parsed, &err)

static void assert_integer(const ftdn_pickle_value *value, int64_t expected)
{
    assert_int_equal(value->kind, FTDN_PICKLE_INT);
    assert_true(value->as.integer == expected);
}

static void numbers_of_every_width_are_read(void **state)
{
    (void)state;
    FTDN_ASSERT_OK(PARSE("\200\002(K\xffM\xff\xffJ\xfe\xff\xff\xff\x8a\0\x8a\1\x80\x8a\2\xff\0"
                         "\x8a\x08\0\0\0\0\0\0\0\x80\x8a\x09\1\2\3\4\5\6\7\x08\x09G\xbf\xf8\0\0\0\0\0\0N\x88\x89t."),
                   err);
    assert_int_equal(parsed.root.kind, FTDN_PICKLE_TUPLE);
    const ftdn_pickle_items *items = parsed.root.as.items;
    assert_int_equal(items->n_items, 12);
    const int64_t integers[] = {255, 65535, -2, 0, -128, 255, INT64_MIN};
    for (int i = 0; i < 7; i++) assert_integer(&items->item[i], integers[i]);
    assert_int_equal(items->item[7].kind, FTDN_PICKLE_BIG_INT);
    assert_true(ftdn_pickle_bytes_equal(items->item[7].as.bytes, "\1\2\3\4\5\6\7\x08\x09"));
    assert_int_equal(items->item[8].kind, FTDN_PICKLE_FLOAT);
    assert_true(items->item[8].as.number == -1.5);
    assert_int_equal(items->item[9].kind, FTDN_PICKLE_NONE);
    assert_int_equal(items->item[10].kind, FTDN_PICKLE_BOOL);
    assert_true(items->item[10].as.integer == 1 && items->item[11].as.integer == 0);
}

static void texts_of_every_kind_are_read(void **state)
{
    (void)state;
    FTDN_ASSERT_OK(PARSE("\x80\x04\x95\0\0\0\0\0\0\0\0(X\2\0\0\0abT\2\0\0\0abU\2ab\x8c\2abt."), err);
    assert_int_equal(parsed.root.as.items->n_items, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(parsed.root.as.items->item[i].kind, FTDN_PICKLE_TEXT);
        assert_true(ftdn_pickle_bytes_equal(parsed.root.as.items->item[i].as.bytes, "ab"));
    }
}

static void containers_grow_and_are_shared_through_the_memo(void **state)
{
    (void)state;
    /* [[1, 2, 3, 4], the same list, {5: 6, 7: 8, 9: 10}, (), (1,), (1, 2), (1, 2, 3)] */
    FTDN_ASSERT_OK(
        PARSE("\200\002](]q\1(K\1K\2eK\3ah\1K\4a0h\1}K\5K\6s(K\7K\x08K\x09K\x0auK\001200)K\1\x85K\1K\2\x86K\1K\2K\3\x87"
              "e."),
        err);
    const ftdn_pickle_items *items = parsed.root.as.items;
    assert_int_equal(items->n_items, 7);
    assert_int_equal(items->item[0].kind, FTDN_PICKLE_LIST);
    assert_int_equal(items->item[0].as.items->n_items, 4);
    for (int i = 0; i < 4; i++) assert_integer(&items->item[0].as.items->item[i], i + 1);
    assert_ptr_equal(items->item[1].as.items, items->item[0].as.items);
    assert_int_equal(items->item[2].kind, FTDN_PICKLE_DICT);
    assert_int_equal(items->item[2].as.items->n_items, 6);
    for (int i = 0; i < 6; i++) assert_integer(&items->item[2].as.items->item[i], i + 5);
    for (size_t n = 0; n <= 3; n++) {
        assert_int_equal(items->item[3 + n].kind, FTDN_PICKLE_TUPLE);
        assert_int_equal(items->item[3 + n].as.items->n_items, n);
    }
}

static void an_ordered_dict_may_come_with_its_pairs(void **state)
{
    (void)state;
    FTDN_ASSERT_OK(PARSE("\200\002ccollections\nOrderedDict\n](](U\1aK\1eU\1bK\2\206e\x85R}U\1mK\3sb."), err);
    assert_int_equal(parsed.root.kind, FTDN_PICKLE_DICT);
    const ftdn_pickle_items *items = parsed.root.as.items;
    assert_int_equal(items->n_items, 4);
    assert_true(ftdn_pickle_bytes_equal(items->item[0].as.bytes, "a"));
    assert_integer(&items->item[1], 1);
    assert_true(ftdn_pickle_bytes_equal(items->item[2].as.bytes, "b"));
    assert_integer(&items->item[3], 2);
}

#define STORAGE "(U\7storagectorch\nHalfStorage\nU\1kU\3cpuK\x0at"

static void tensors_are_described_and_not_read(void **state)
{
    (void)state;
    FTDN_ASSERT_OK(PARSE("\200\002ctorch._utils\n_rebuild_parameter\nctorch._utils\n_rebuild_tensor\n(" STORAGE
                         "QK\4ctorch\nSize\nK\2K\3\x86\x85RK\3K\1\x86tR\x88}\x87R.trailing"),
                   err);
    assert_int_equal(parsed.root.kind, FTDN_PICKLE_TENSOR);
    const ftdn_pickle_tensor *tensor = parsed.root.as.tensor;
    assert_int_equal(tensor->n_dims, 2);
    assert_int_equal(tensor->offset, 4);
    assert_true(tensor->dims[0] == 2 && tensor->dims[1] == 3 && tensor->strides[0] == 3 && tensor->strides[1] == 1);
    assert_string_equal(tensor->storage->dtype->name, "F16");
    assert_int_equal(tensor->storage->n_elements, 10);
    assert_true(ftdn_pickle_bytes_equal(tensor->storage->key, "k"));
    assert_int_equal(parsed.n_storages, 1);
    assert_ptr_equal(parsed.newest_storage, tensor->storage);
}

static void nothing_may_be_taken_from_an_empty_stack(void **state)
{
    (void)state;
    FTDN_ASSERT_OK(PARSE("\200\002)."), err);
    assert_int_equal(parsed.root.kind, FTDN_PICKLE_TUPLE);
    FTDN_ASSERT_OK(PARSE("\200\002(t."), err);
    assert_int_equal(parsed.root.as.items->n_items, 0);
}

static void a_pickle_may_stand_inside_a_file(void **state)
{
    (void)state;
    static const char bytes[] = "??\200\002K\7.rest";
    FTDN_ASSERT_OK(ftdn_pickle_parse(bytes, sizeof bytes - 1, 2, &arena, &parsed, &err), err);
    assert_integer(&parsed.root, 7);
    assert_int_equal(parsed.end, 7);
    FTDN_ASSERT_FAILS(ftdn_pickle_parse(bytes, 3, 2, &arena, &parsed, &err), FTDN_ERR_INPUT,
                      "byte 2 of the pickle: 1 more bytes should follow, but only 0 do", err);
    FTDN_ASSERT_FAILS(ftdn_pickle_parse(bytes, 2, 9, &arena, &parsed, &err), FTDN_ERR_INPUT,
                      "byte 2 of the pickle: 1 more bytes should follow, but only 0 do", err);
}

#define TENSOR_OF "ctorch._utils\n_rebuild_tensor_v2\n("

static void each_mistake_is_named_with_its_byte(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n_bytes;
        const char *message;
    } cases[] = {
#define CASE(bytes, message) {bytes, sizeof(bytes) - 1, message}
        CASE("\x80\x01.", "byte 0 of the pickle: pickle protocol 1 is not one of 2 to 5"),
        CASE("\x80\x06.", "byte 0 of the pickle: pickle protocol 6 is not one of 2 to 5"),
        CASE("\200\002\xff.", "byte 2 of the pickle: opcode 0xff is unknown"),
        CASE("\200\002I1\n.", "byte 2 of the pickle: opcode INT (0x49) is refused: PyTorch does not write it"),
        CASE("\200\002C\1a.",
             "byte 2 of the pickle: opcode SHORT_BINBYTES (0x43) is refused: raw bytes are no part of a weight file"),
        CASE("\200\002\x8f.",
             "byte 2 of the pickle: opcode EMPTY_SET (0x8f) is refused: sets are no part of a weight file"),
        CASE("\200\002K\1K\2.", "byte 6 of the pickle: the pickle stops with 2 values on its stack, not 1"),
        CASE("\200\002(.", "byte 3 of the pickle: the pickle stops with 0 values on its stack, not 1"),
        CASE("\200\002K\1(.", "byte 5 of the pickle: the pickle stops with 1 values on its stack, not 1"),
        CASE("\200\002X\5\0\0\0abc", "byte 2 of the pickle: 5 more bytes should follow, but only 3 do"),
        CASE("\200\002X\xff\xff\xff\xff", "byte 2 of the pickle: 4294967295 more bytes should follow, but only 0 do"),
        CASE("\200\002cos", "byte 2 of the pickle: a name without an end"),
        CASE("\200\002t.", "byte 2 of the pickle: no mark is set"),
        CASE("\200\002K\1(\x85.", "byte 5 of the pickle: 1 values are wanted, the stack has 0"),
        CASE("\200\0022.", "byte 2 of the pickle: a value is wanted, the stack has none"),
        CASE("\200\002q\0.", "byte 2 of the pickle: a value is wanted, the stack has none"),
        CASE("\200\002Nr\xff\xff\xff\xff.", "byte 3 of the pickle: memo entry 4294967295 after 1 values"),
        CASE("\200\002h\0.", "byte 2 of the pickle: memo entry 0 was never set"),
        CASE("\200\002Nq\1h\0.", "byte 5 of the pickle: memo entry 0 was never set"),
        CASE("\200\002NNa.", "byte 4 of the pickle: None stands where a list is wanted"),
        CASE("\200\002](NNe(NNu.", "byte 10 of the pickle: a list stands where a dict is wanted"),
        CASE("\200\002}(Nu.", "byte 5 of the pickle: a dict gets a key without a value"),
        CASE("\200\002NN\x93.", "byte 4 of the pickle: the module of a name is None, not a text"),
        CASE("\200\002NQ.", "byte 3 of the pickle: a storage's description is None, not a tuple"),
        CASE("\200\002N\x85Q.", "byte 4 of the pickle: a storage's description has 1 parts, not 5 or 6"),
        CASE("\200\002(U\3abcctorch\nHalfStorage\nU\1kU\3cpuK\x0atQ.", "the tag of a storage is not 'storage'"),
        CASE("\200\002(U\7storageNU\1kU\3cpuK\x0atQ.", "the type of a storage is None, not a storage type"),
        CASE("\200\002(U\7storagectorch\nHalfStorage\nK\1U\3cpuK\x0atQ.",
             "the key of a storage is an integer, not a text"),
        CASE("\200\002(U\7storagectorch\nHalfStorage\nU\1kU\3cpuNtQ.",
             "the length of a storage is None, not an integer"),
        CASE("\200\002(U\7storagectorch\nHalfStorage\nU\1kU\3cpuJ\xff\xff\xff\xfftQ.", "the length of a storage is -1"),
        CASE("\200\002(U\7storagectorch\nHalfStorage\nU\1kU\3cpuK\1)tQ.",
             "a storage lies inside another one, which only PyTorch before 0.4 wrote"),
        CASE("\200\002" TENSOR_OF "NtR.", "a tensor is made of 1 values, not 6"),
        CASE("\200\002" TENSOR_OF "NNNNNNtR.", "the storage of a tensor is None, not a storage"),
        CASE("\200\002" TENSOR_OF STORAGE "QNNNNNtR.", "the offset of a tensor is None, not an integer"),
        CASE("\200\002" TENSOR_OF STORAGE "QK\0NNNNtR.", "the shape of a tensor is None, not a tuple"),
        CASE("\200\002" TENSOR_OF STORAGE "QK\0N\x85NNNtR.", "the shape of a tensor is None, not an integer"),
        CASE("\200\002" TENSOR_OF STORAGE "QK\0)N\x85NNtR.", "the strides of a tensor is None, not an integer"),
        CASE("\200\002" TENSOR_OF STORAGE "QK\0)K\1\x85NNtR.", "a tensor has 0 dimensions and 1 strides"),
        CASE("\200\002" TENSOR_OF STORAGE "QK\0(K\1K\1K\1K\1K\1K\1K\1K\1K\1t)NNtR.",
             "the shape of a tensor has 9 numbers, more than 8"),
        CASE("\200\002ctorch._utils\n_rebuild_parameter\nNNN\x87R.", "the value of a parameter is None, not a tensor"),
        CASE("\200\002ctorch\nSize\n)R.", "a torch.Size is made of 0 values, not 1"),
        CASE("\200\002ccollections\nOrderedDict\nNN\x86R.", "an OrderedDict is made of 2 values"),
        CASE("\200\002ccollections\nOrderedDict\nN\x85R.", "the content of an OrderedDict is None, not a list"),
        CASE("\200\002ccollections\nOrderedDict\n]Na\x85R.", "item 0 of an OrderedDict is no pair"),
        CASE("\200\002ccollections\nOrderedDict\nNR.", "what a value is made of is None, not a tuple"),
#undef CASE
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ftdn_status status = ftdn_pickle_parse(cases[i].bytes, cases[i].n_bytes, 0, &arena, &parsed, &err);
        assert_int_equal(status, FTDN_ERR_INPUT);
        if (!strstr(err.message, cases[i].message)) fail_msg("'%s' lacks '%s'", err.message, cases[i].message);
        assert_ptr_equal(strstr(err.message, "byte "), err.message);
    }
}

static void marks_and_values_are_bounded(void **state)
{
    (void)state;
    ftdn_text marks = {0}, values = {0}, copies = {0};
    for (int i = 0; i < 1001; i++) PICKLE_BYTES(&marks, "(");
    FTDN_ASSERT_FAILS(ftdn_pickle_parse(marks.chars, marks.n_chars, 0, &arena, &parsed, &err), FTDN_ERR_INPUT,
                      "byte 1000 of the pickle: nested more than 1000 levels deep", err);
    for (int i = 0; i <= 1 << 21; i++) PICKLE_BYTES(&values, "N");
    FTDN_ASSERT_FAILS(ftdn_pickle_parse(values.chars, values.n_chars, 0, &arena, &parsed, &err), FTDN_ERR_INPUT,
                      "byte 2097152 of the pickle: more than 2097152 values", err);
    /* A list of 1000 pairs, copied until the copies alone pass the bound. */
    PICKLE_BYTES(&copies, "](");
    for (int i = 0; i < 1000; i++) PICKLE_BYTES(&copies, "NN\x86");
    PICKLE_BYTES(&copies, "eq\0");
    for (int i = 0; i < 2100; i++) PICKLE_BYTES(&copies, "ccollections\nOrderedDict\nh\0\x85R0");
    FTDN_ASSERT_FAILS(ftdn_pickle_parse(copies.chars, copies.n_chars, 0, &arena, &parsed, &err), FTDN_ERR_INPUT,
                      "more than 2097152 values", err);
    ftdn_text_done(&copies);
    ftdn_text_done(&values);
    ftdn_text_done(&marks);
}

static void a_refused_allocation_is_an_error(void **state)
{
    (void)state;
    static const pth_view view = {"FloatStorage", "0", 6, 0, 2, {2, 3}, {3, 1}};
    ftdn_text pickle = {0};
    PICKLE_BYTES(&pickle, "\200\002ccollections\nOrderedDict\n](NN\206e\x85Rq\1(U\1x");
    pickle_tensor(&pickle, &view);
    PICKLE_BYTES(&pickle, "u.");
    long n_good = 0;
    for (;; n_good++) {
        ftdn_arena_fail_after(&arena, n_good);
        ftdn_status status = ftdn_pickle_parse(pickle.chars, pickle.n_chars, 0, &arena, &parsed, &err);
        if (status == FTDN_OK) break;
        assert_int_equal(status, FTDN_ERR_MEMORY);
    }
    assert_true(n_good >= 15);
    ftdn_text_done(&pickle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(numbers_of_every_width_are_read),
        FTDN_ARENA_TEST(texts_of_every_kind_are_read),
        FTDN_ARENA_TEST(containers_grow_and_are_shared_through_the_memo),
        FTDN_ARENA_TEST(an_ordered_dict_may_come_with_its_pairs),
        FTDN_ARENA_TEST(tensors_are_described_and_not_read),
        FTDN_ARENA_TEST(nothing_may_be_taken_from_an_empty_stack),
        FTDN_ARENA_TEST(a_pickle_may_stand_inside_a_file),
        FTDN_ARENA_TEST(each_mistake_is_named_with_its_byte),
        FTDN_ARENA_TEST(marks_and_values_are_bounded),
        FTDN_ARENA_TEST(a_refused_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
