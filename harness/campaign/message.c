#include "harness/campaign/message.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

void ftdn_message_begin(ftdn_text *text, ftdn_message_kind kind, int trial)
{
    const ftdn_message_header header = {.kind = (uint32_t)kind, .trial = trial};
    text->n_chars = 0;
    ftdn_text_append_bytes(text, (const char *)&header, sizeof header);
}

void ftdn_message_put_integer(ftdn_text *text, int64_t value)
{
    ftdn_text_append_bytes(text, (const char *)&value, sizeof value);
}

void ftdn_message_put_real(ftdn_text *text, double value)
{
    ftdn_text_append_bytes(text, (const char *)&value, sizeof value);
}

void ftdn_message_put_text(ftdn_text *text, const char *chars)
{
    size_t n_bytes = chars ? strlen(chars) + 1 : 0;
    ftdn_message_put_integer(text, (int64_t)n_bytes);
    ftdn_text_append_bytes(text, chars ? chars : "", n_bytes);
}

void ftdn_message_end(ftdn_text *text)
{
    if (text->failed) return;
    ftdn_message_header header;
    memcpy(&header, text->chars, sizeof header);
    header.n_bytes = text->n_chars - sizeof header;
    memcpy(text->chars, &header, sizeof header);
}

static const char *take(ftdn_message_reader *reader, size_t n_bytes)
{
    if (reader->failed || (size_t)(reader->end - reader->at) < n_bytes) {
        reader->failed = true;
        return NULL;
    }
    const char *bytes = reader->at;
    reader->at += n_bytes;
    return bytes;
}

int64_t ftdn_message_get_integer(ftdn_message_reader *reader)
{
    int64_t value = 0;
    const char *bytes = take(reader, sizeof value);
    if (bytes) memcpy(&value, bytes, sizeof value);
    return value;
}

double ftdn_message_get_real(ftdn_message_reader *reader)
{
    double value = 0;
    const char *bytes = take(reader, sizeof value);
    if (bytes) memcpy(&value, bytes, sizeof value);
    return value;
}

const char *ftdn_message_get_text(ftdn_message_reader *reader)
{
    int64_t n_bytes = ftdn_message_get_integer(reader);
    if (n_bytes == 0) return NULL;
    const char *chars = n_bytes > 0 ? take(reader, (size_t)n_bytes) : NULL;
    if (chars && chars[n_bytes - 1] == 0) return chars;
    reader->failed = true;
    return NULL;
}

/* A count of items that are still to come: each takes at least one byte. */
static int get_count(ftdn_message_reader *reader)
{
    int64_t n = ftdn_message_get_integer(reader);
    if (n >= 0 && n <= reader->end - reader->at) return (int)n;
    reader->failed = true;
    return 0;
}

static ftdn_status check(const ftdn_message_reader *reader, ftdn_error *err)
{
    if (!reader->failed) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_BACKEND, "a worker process sent a message that ends too early");
}

void ftdn_message_put_scores(ftdn_text *text, const ftdn_layer_scores *layer, int n_layers)
{
    ftdn_message_put_integer(text, n_layers);
    for (int l = 0; l < n_layers; l++) {
        ftdn_message_put_text(text, layer[l].layer);
        ftdn_message_put_integer(text, layer[l].n_channels);
        for (int k = 0; k < layer[l].n_channels; k++) ftdn_message_put_real(text, layer[l].score[k]);
    }
}

ftdn_status ftdn_message_get_scores(ftdn_message_reader *reader, ftdn_arena *arena, ftdn_layer_scores **ret_layer,
                                    int *ret_n_layers, ftdn_error *err)
{
    int n_layers = get_count(reader);
    ftdn_layer_scores *layer = FTDN_NEW(arena, (size_t)n_layers, ftdn_layer_scores, err);
    if (!layer) return FTDN_ERR_MEMORY;
    for (int l = 0; l < n_layers; l++) {
        const char *name = ftdn_message_get_text(reader);
        int n_channels = get_count(reader);
        name = ftdn_arena_copy_text(arena, name ? name : "", name ? strlen(name) : 0, err);
        double *score = FTDN_NEW(arena, (size_t)n_channels, double, err);
        if (!name || !score) return FTDN_ERR_MEMORY;
        for (int k = 0; k < n_channels; k++) score[k] = ftdn_message_get_real(reader);
        layer[l] = (ftdn_layer_scores){.layer = name, .n_channels = n_channels, .score = score};
    }
    FTDN_TRY(check(reader, err));
    *ret_layer = layer;
    *ret_n_layers = n_layers;
    return FTDN_OK;
}

static void put_overhead(ftdn_text *text, const ftdn_overhead_row *overhead)
{
    ftdn_message_put_integer(text, overhead->weight_bytes);
    ftdn_message_put_integer(text, overhead->feature_map_bytes);
    ftdn_message_put_integer(text, overhead->map_bytes);
    ftdn_message_put_integer(text, overhead->macs);
    ftdn_message_put_integer(text, overhead->merge_values);
    ftdn_message_put_integer(text, overhead->network_macs);
}

static ftdn_overhead_row get_overhead(ftdn_message_reader *reader)
{
    ftdn_overhead_row overhead;
    overhead.weight_bytes = ftdn_message_get_integer(reader);
    overhead.feature_map_bytes = ftdn_message_get_integer(reader);
    overhead.map_bytes = ftdn_message_get_integer(reader);
    overhead.macs = ftdn_message_get_integer(reader);
    overhead.merge_values = ftdn_message_get_integer(reader);
    overhead.network_macs = ftdn_message_get_integer(reader);
    return overhead;
}

void ftdn_message_put_record(ftdn_text *text, const ftdn_trial_record *record)
{
    ftdn_message_put_real(text, record->map_voc07);
    ftdn_message_put_real(text, record->map_area);
    ftdn_message_put_integer(text, record->n_images);
    ftdn_message_put_integer(text, record->n_nonfinite_outputs);
    ftdn_message_put_integer(text, record->n_nonfinite_faults);
    ftdn_message_put_real(text, record->seconds);
    put_overhead(text, &record->overhead);
    ftdn_message_put_integer(text, record->n_classes);
    for (int i = 0; i < record->n_classes; i++) {
        ftdn_message_put_text(text, record->class_row[i].class_name);
        ftdn_message_put_real(text, record->class_row[i].ap_voc07);
        ftdn_message_put_real(text, record->class_row[i].ap_area);
        ftdn_message_put_integer(text, record->class_row[i].n_objects);
    }
    ftdn_message_put_integer(text, record->n_timings);
    for (int i = 0; i < record->n_timings; i++) {
        ftdn_message_put_text(text, record->timing_row[i].stage);
        ftdn_message_put_real(text, record->timing_row[i].seconds);
    }
    ftdn_message_put_integer(text, record->n_faults);
    for (int i = 0; i < record->n_faults; i++) {
        const ftdn_fault_row *row = &record->fault_row[i];
        ftdn_message_put_text(text, row->layer);
        ftdn_message_put_text(text, row->location);
        ftdn_message_put_integer(text, row->copy);
        ftdn_message_put_integer(text, row->n_elements);
        ftdn_message_put_real(text, row->requested_rate);
        ftdn_message_put_integer(text, row->n_faults);
        ftdn_message_put_integer(text, row->n_changed);
    }
}

static ftdn_status get_class_rows(ftdn_message_reader *reader, ftdn_arena *arena, ftdn_trial_record *record,
                                  ftdn_error *err)
{
    record->n_classes = get_count(reader);
    ftdn_class_row *row = FTDN_NEW(arena, (size_t)record->n_classes, ftdn_class_row, err);
    if (!row) return FTDN_ERR_MEMORY;
    for (int i = 0; i < record->n_classes; i++) {
        row[i].class_name = ftdn_message_get_text(reader);
        row[i].ap_voc07 = ftdn_message_get_real(reader);
        row[i].ap_area = ftdn_message_get_real(reader);
        row[i].n_objects = (int)ftdn_message_get_integer(reader);
    }
    record->class_row = row;
    return FTDN_OK;
}

static ftdn_status get_timing_rows(ftdn_message_reader *reader, ftdn_arena *arena, ftdn_trial_record *record,
                                   ftdn_error *err)
{
    record->n_timings = get_count(reader);
    ftdn_timing_row *row = FTDN_NEW(arena, (size_t)record->n_timings, ftdn_timing_row, err);
    if (!row) return FTDN_ERR_MEMORY;
    for (int i = 0; i < record->n_timings; i++) {
        row[i].stage = ftdn_message_get_text(reader);
        row[i].seconds = ftdn_message_get_real(reader);
    }
    record->timing_row = row;
    return FTDN_OK;
}

static ftdn_status get_fault_rows(ftdn_message_reader *reader, ftdn_arena *arena, ftdn_trial_record *record,
                                  ftdn_error *err)
{
    record->n_faults = get_count(reader);
    ftdn_fault_row *row = FTDN_NEW(arena, (size_t)record->n_faults, ftdn_fault_row, err);
    if (!row) return FTDN_ERR_MEMORY;
    for (int i = 0; i < record->n_faults; i++) {
        row[i].layer = ftdn_message_get_text(reader);
        row[i].location = ftdn_message_get_text(reader);
        row[i].copy = (int)ftdn_message_get_integer(reader);
        row[i].n_elements = ftdn_message_get_integer(reader);
        row[i].requested_rate = ftdn_message_get_real(reader);
        row[i].n_faults = ftdn_message_get_integer(reader);
        row[i].n_changed = ftdn_message_get_integer(reader);
    }
    record->fault_row = row;
    return FTDN_OK;
}

ftdn_status ftdn_message_get_record(ftdn_message_reader *reader, ftdn_arena *arena, ftdn_trial_record *ret_record,
                                    ftdn_error *err)
{
    ftdn_trial_record record = {0};
    record.map_voc07 = ftdn_message_get_real(reader);
    record.map_area = ftdn_message_get_real(reader);
    record.n_images = (int)ftdn_message_get_integer(reader);
    record.n_nonfinite_outputs = ftdn_message_get_integer(reader);
    record.n_nonfinite_faults = ftdn_message_get_integer(reader);
    record.seconds = ftdn_message_get_real(reader);
    record.overhead = get_overhead(reader);
    FTDN_TRY(get_class_rows(reader, arena, &record, err));
    FTDN_TRY(get_timing_rows(reader, arena, &record, err));
    FTDN_TRY(get_fault_rows(reader, arena, &record, err));
    FTDN_TRY(check(reader, err));
    *ret_record = record;
    return FTDN_OK;
}

static bool send_all(int fd, const char *bytes, size_t n_bytes)
{
    while (n_bytes > 0) {
        ssize_t n_sent = send(fd, bytes, n_bytes, MSG_NOSIGNAL);
        if (n_sent < 0 && errno == EINTR) continue;
        if (n_sent <= 0) return false;
        bytes += n_sent;
        n_bytes -= (size_t)n_sent;
    }
    return true;
}

bool ftdn_message_send(int fd, const ftdn_text *text)
{
    return !text->failed && send_all(fd, text->chars, text->n_chars);
}

static bool receive_all(int fd, char *bytes, size_t n_bytes)
{
    while (n_bytes > 0) {
        ssize_t n_read = recv(fd, bytes, n_bytes, 0);
        if (n_read < 0 && errno == EINTR) continue;
        if (n_read <= 0) return false;
        bytes += n_read;
        n_bytes -= (size_t)n_read;
    }
    return true;
}

bool ftdn_message_receive(int fd, ftdn_message_header *ret_header, ftdn_text *body)
{
    char piece[4096];
    if (!receive_all(fd, (char *)ret_header, sizeof *ret_header)) return false;
    body->n_chars = 0;
    for (uint64_t left = ret_header->n_bytes; left > 0 && !body->failed;) {
        size_t n_bytes = left < sizeof piece ? (size_t)left : sizeof piece;
        if (!receive_all(fd, piece, n_bytes)) return false;
        ftdn_text_append_bytes(body, piece, n_bytes);
        left -= n_bytes;
    }
    return !body->failed;
}
