#include "engine/pickle_opcodes.h"

#include <stddef.h>

/* Opcodes of Python that are left out on purpose. */
static const struct {
    unsigned char code;
    const char *name, *reason;
} refused[] = {
    {'i', "INST", "it calls a class"},
    {'o', "OBJ", "it calls a class"},
    {0x81, "NEWOBJ", "it calls a class"},
    {0x92, "NEWOBJ_EX", "it calls a class"},
    {0x82, "EXT1", "it names objects outside the file"},
    {0x83, "EXT2", "it names objects outside the file"},
    {0x84, "EXT4", "it names objects outside the file"},
    {'P', "PERSID", "PyTorch does not write it"},
    {'I', "INT", "PyTorch does not write it"},
    {'L', "LONG", "PyTorch does not write it"},
    {'F', "FLOAT", "PyTorch does not write it"},
    {'S', "STRING", "PyTorch does not write it"},
    {'V', "UNICODE", "PyTorch does not write it"},
    {'d', "DICT", "PyTorch does not write it"},
    {'l', "LIST", "PyTorch does not write it"},
    {'g', "GET", "PyTorch does not write it"},
    {'p', "PUT", "PyTorch does not write it"},
    {0x8b, "LONG4", "PyTorch does not write it"},
    {0x8d, "BINUNICODE8", "PyTorch does not write it"},
    {0x8e, "BINBYTES8", "raw bytes are no part of a weight file"},
    {'B', "BINBYTES", "raw bytes are no part of a weight file"},
    {'C', "SHORT_BINBYTES", "raw bytes are no part of a weight file"},
    {0x96, "BYTEARRAY8", "raw bytes are no part of a weight file"},
    {0x97, "NEXT_BUFFER", "raw bytes are no part of a weight file"},
    {0x98, "READONLY_BUFFER", "raw bytes are no part of a weight file"},
    {0x8f, "EMPTY_SET", "sets are no part of a weight file"},
    {0x90, "ADDITEMS", "sets are no part of a weight file"},
    {0x91, "FROZENSET", "sets are no part of a weight file"},
};

ftdn_status ftdn_pickle_refuse_opcode(unsigned char code, ftdn_error *err)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (refused[i].code != code) continue;
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "opcode %s (0x%02x) is refused: %s", refused[i].name, code,
                         refused[i].reason);
    }
    return FTDN_FAIL(err, FTDN_ERR_INPUT, "opcode 0x%02x is unknown", code);
}
